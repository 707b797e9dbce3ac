import { createEngine } from "@blockwise/engine";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { adamW, sgd } from "@blockwise/optim";
import type { BlockHealthV1, EngineV1, LocalLossV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { differences, scaledLoss, tinyNetwork, train, valuesOf } from "../__fixtures__/tiny-network.js";
import { stepNetwork } from "../trainer/step-network.js";
import type { Network } from "../wiring/network.js";
import { effectiveRank } from "./effective-rank.js";
import { meanAbsoluteCorrelation } from "./mean-absolute-correlation.js";
import { isMeasured } from "./measure-health.js";
import { normOf, normOfChange } from "./norms.js";

let engine: EngineV1;
beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});

const everyStep = { everySteps: 1 };

/** The L2 norm of all parameters of a block, in double precision. */
function weightNormOf(network: Network, block: number, minus: Record<string, Float32Array> = {}): number {
  const values = valuesOf({ learners: network.learners.slice(block, block + 1) });
  const squares = Object.entries(values)
    .filter(([name]) => name.startsWith("parameters:"))
    .flatMap(([name, array]) => [...array].map((value, index) => (value - (minus[name]?.[index] ?? 0)) ** 2));
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
}

describe("a block's health", () => {
  it("is measured on the embeddings of the first view and on the update", () => {
    const embeddings: tf.Tensor2D[] = [];
    const loss = barlowTwins({ scale: 0.1 });
    const recording: LocalLossV1 = {
      ...loss,
      doCompute: (input) => {
        const [first] = input.views;
        if (first !== undefined) embeddings.push(tf.keep(tf.clone(first.embedding)));
        return loss.doCompute(input);
      },
    };
    const optimizer = sgd({ momentum: 0, weightDecay: 0 });
    const network = tinyNetwork(engine, { loss: recording, optimizer, meters: everyStep });
    const before = valuesOf(network);
    const norms = [0, 1, 2].map((block) => weightNormOf(network, block));
    const reports = train(network, 1)[0] ?? [];
    expect(reports).toHaveLength(3);
    for (const [block, { health, learningRate }] of reports.entries()) {
      const {
        effectiveRank: rank,
        meanAbsoluteCorrelation: correlation,
        ...update
      } = health as BlockHealthV1;
      const embedding = embeddings[block] as tf.Tensor2D;
      expect(rank).toBeCloseTo(effectiveRank(embedding), 5);
      expect(correlation).toBeCloseTo(meanAbsoluteCorrelation(embedding), 5);
      expect(rank).toBeGreaterThan(1);
      expect(rank).toBeLessThanOrEqual(6);
      expect(update.weightNorm).toBeCloseToTensor(norms[block] ?? 0, { relative: 1e-5 });
      const change = weightNormOf(network, block, before);
      expect(update.trustRatio).toBeCloseToTensor(change / (norms[block] ?? 0), { relative: 1e-4 });
      expect(update.gradientNorm).toBeCloseToTensor(change / learningRate, { relative: 1e-4 });
    }
    tf.dispose(embeddings);
    network.dispose();
  });

  it("counts what both losses ask of shared units", () => {
    const network = tinyNetwork(engine, {
      partition: [
        ["stem", "layer1.0", "layer2.0"],
        ["layer2.0", "layer3.0"],
      ],
      loss: scaledLoss(({ block }) => block),
      optimizer: sgd({ momentum: 0, weightDecay: 0 }),
      meters: everyStep,
    });
    const before = valuesOf(network);
    const [lender] = train(network, 1)[0] ?? [];
    // Its own loss is zero: all that moves it is the next block's.
    expect(lender?.loss).toBe(0);
    expect(lender?.health?.gradientNorm).toBeGreaterThan(0);
    expect(lender?.health?.gradientNorm).toBeCloseToTensor(weightNormOf(network, 0, before) / 0.1, {
      relative: 1e-4,
    });
    network.dispose();
  });

  it("changes nothing and leaves no tensor", async () => {
    const options = { optimizer: adamW(), noise: { kind: "all", standardDeviation: 0.25 } } as const;
    const [on, off] = [everyStep, null].map((meters) => tinyNetwork(engine, { ...options, meters }));
    if (on === undefined || off === undefined) throw new Error("Two networks.");
    const strip = (reports: ReturnType<typeof train>) =>
      reports.map((step) => step.map((report) => ({ ...report, health: null })));
    const measured = train(on, 3);
    expect(measured.flat().every(({ health }) => health !== null)).toBe(true);
    expect(strip(measured)).toEqual(train(off, 3));
    expect(differences(valuesOf(on), valuesOf(off))).toEqual([]);
    await expect(() => train(on, 1)).toLeakNoTensors();
    on.dispose();
    off.dispose();
  });

  it("is left out of skipped steps", async () => {
    const loss = scaledLoss(({ block }) => (block === 1 ? Number.NaN : 1));
    const network = tinyNetwork(engine, { loss, meters: everyStep, skipLimit: 3 });
    const steps = train(network, 4);
    expect(steps.map((step) => step.map(({ health }) => health !== null))).toEqual(
      Array(4).fill([true, false, true]),
    );
    expect(network.learners[1]?.counters.stopped).toBe(true);
    await expect(() => train(network, 1)).toLeakNoTensors();
    network.dispose();
  });
});

describe("meters", () => {
  it("read every so many steps, the first and the last", () => {
    const stepsOf = (everySteps: number, stepCount: number): number[] =>
      Array.from({ length: stepCount }, (_, step) => step).filter((step) =>
        isMeasured({ everySteps }, { step, stepCount }),
      );
    expect(stepsOf(3, 8)).toEqual([0, 3, 6, 7]);
    expect(stepsOf(50, 101)).toEqual([0, 50, 100]);
    expect(isMeasured(null, { step: 0, stepCount: 1 })).toBe(false);
  });

  it("are read every 50 steps where nobody says otherwise", () => {
    const network = tinyNetwork(engine);
    const views = [0, 1].map((seed) => tf.randomNormal([6, 8, 8, 3], 0, 1, "float32", seed));
    const measuredAt = (step: number): boolean[] =>
      stepNetwork(network, { views, labels: null, step, stepCount: 200, learningRate: 0.1, seed: 1 }).map(
        ({ health }) => health !== null,
      );
    expect([0, 1, 50, 199].map(measuredAt)).toEqual(
      [true, false, true, true].map((read) => Array(3).fill(read)),
    );
    tf.dispose(views);
    network.dispose();
  });

  it.each([0, -1, 1.5, Number.NaN])("refuse to be read every %d steps", (everySteps) => {
    expect(() => tinyNetwork(engine, { meters: { everySteps } })).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option: "meters.everySteps" }),
    );
  });
});

describe("norms", () => {
  it("go over all values of all tensors", () => {
    tf.tidy(() => {
      const before = { a: tf.tensor1d([3, 0]), b: tf.tensor2d([[4], [12]]) };
      const after = { a: tf.tensor1d([3, 2]), b: tf.tensor2d([[5], [10]]) };
      expect(normOf(before)).toBeCloseTo(13, 5);
      expect(normOfChange(before, after)).toBeCloseTo(3, 5);
      expect(normOf({})).toBe(0);
    });
  });
});
