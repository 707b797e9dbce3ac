import { createEngine } from "@blockwise/engine";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import type { EngineV1, LocalLossV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  batchSize,
  differences,
  imageShape,
  scaledLoss,
  tinyNetwork,
  train,
  valuesOf,
} from "../__fixtures__/tiny-network.js";
import { stepNetwork } from "../trainer/step-network.js";
import type { Network } from "../wiring/network.js";

let engine: EngineV1;
beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});

const breakAt = (steps: readonly number[], value = Number.NaN): LocalLossV1 =>
  scaledLoss(({ block, step }) => (block === 1 && steps.includes(step) ? value : 1));

const ofBlock = (network: Network, block: number): Record<string, Float32Array> =>
  valuesOf({ learners: network.learners.slice(block, block + 1) });

describe("a step that is not finite", () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "is skipped and counted by its block alone: %d",
    (value) => {
      const network = tinyNetwork(engine, { loss: breakAt([1, 2], value) });
      train(network, 1);
      const before = [0, 1, 2].map((block) => ofBlock(network, block));
      const reports = train(network, 3, 1);
      expect(reports.map((step) => step.map(({ skipped }) => skipped))).toEqual(
        Array(2).fill([false, true, false]),
      );
      expect(reports[0]?.[1]?.loss).toEqual(value);
      // Weights, running statistics and optimiser alike.
      expect(differences(before[1] ?? {}, ofBlock(network, 1))).toEqual([]);
      for (const block of [0, 2]) {
        const values = ofBlock(network, block);
        expect(differences(before[block] ?? {}, values)).toEqual(Object.keys(values));
      }
      const counters = network.learners.map((learner) => learner.counters);
      const fine = { updateCount: 3, skippedSteps: 0, skippedInARow: 0, stopped: false };
      const broken = { updateCount: 1, skippedSteps: 2, skippedInARow: 2, stopped: false };
      expect(counters).toEqual([fine, broken, fine]);
      train(network, 4, 3);
      expect(network.learners[1]?.counters).toEqual({ ...broken, updateCount: 2, skippedInARow: 0 });
      expect(differences(before[1] ?? {}, ofBlock(network, 1))).not.toEqual([]);
      network.dispose();
    },
  );

  it("is skipped where the loss is finite but a gradient is not", () => {
    const loss = barlowTwins({ scale: 0.1 });
    const network = tinyNetwork(engine, {
      loss: {
        ...loss,
        doCompute: (input) =>
          tf.tidy(() => {
            const { total, terms } = loss.doCompute(input);
            const embedding = input.views[0]?.embedding as tf.Tensor;
            // 0 with a slope of 0 times infinity.
            const corner = tf.sqrt(tf.sum(tf.square(tf.mul(embedding, 0))));
            return { total: tf.add<tf.Scalar>(total, corner), terms };
          }),
      },
    });
    const before = valuesOf(network);
    const reports = train(network, 1)[0] ?? [];
    expect(reports.map(({ skipped }) => skipped)).toEqual([true, true, true]);
    for (const { loss: value } of reports) expect(value).toBeFinite();
    expect(differences(before, valuesOf(network))).toEqual([]);
    network.dispose();
  });

  it("is skipped where only a running statistic would be lost", () => {
    const network = tinyNetwork(engine, { partition: "end-to-end" });
    const views = [1, 2].map((seed) =>
      tf.tidy(() => tf.mul(tf.randomNormal([batchSize, ...imageShape], 0, 1, "float32", seed), 1e25)),
    );
    stepNetwork(network, { views, labels: null, step: 0, stepCount: 1, learningRate: 0.1, seed: 1 });
    for (const values of Object.values(valuesOf(network))) expect(values).toBeFinite();
    expect(network.learners[0]?.counters.skippedSteps).toBe(1);
    tf.dispose(views);
    network.dispose();
  });

  it("stops its block after too many in a row; the others go on", () => {
    const network = tinyNetwork(engine, { loss: breakAt([0, 2, 3]), skipLimit: 2 });
    train(network, 3);
    expect(network.learners[1]?.counters).toMatchObject({ skippedInARow: 1, stopped: false });
    train(network, 4, 3);
    expect(network.learners.map(({ counters }) => counters.stopped)).toEqual([false, true, false]);

    // Its loss would be finite again, but a stopped block stays as it is.
    const before = [0, 1, 2].map((block) => ofBlock(network, block));
    const reports = train(network, 6, 4);
    expect(differences(before[1] ?? {}, ofBlock(network, 1))).toEqual([]);
    for (const block of [0, 2])
      expect(differences(before[block] ?? {}, ofBlock(network, block))).not.toEqual([]);
    expect(reports[1]?.map(({ skipped }) => skipped)).toEqual([false, true, false]);
    expect(reports[1]?.[1]).toMatchObject({ block: "layer2", loss: Number.NaN, terms: {} });
    expect(network.learners[1]?.counters).toEqual({
      updateCount: 1,
      skippedSteps: 3,
      skippedInARow: 2,
      stopped: true,
    });
    network.dispose();
  });

  it("leaves no tensor behind, skipped or stopped", async () => {
    const network = tinyNetwork(engine, { loss: breakAt([0]), skipLimit: 4 });
    await expect(() => train(network, 1)).toLeakNoTensors();
    train(network, 1);
    expect(network.learners[1]?.counters.stopped).toBe(true);
    await expect(() => train(network, 1)).toLeakNoTensors();
    network.dispose();
  });
});

describe("a step that throws", () => {
  const loss = barlowTwins({ scale: 0.1 });
  const throwing: Record<string, LocalLossV1> = {
    "in the loss": {
      ...loss,
      doCompute: (input) => {
        const result = loss.doCompute(input);
        if (input.site.blockIndex === 1 && input.step === 1) throw new Error("No loss today.");
        return result;
      },
    },
    "in a gradient": {
      ...loss,
      doCompute: (input) =>
        tf.tidy(() => {
          const { total, terms } = loss.doCompute(input);
          const hurt = tf.customGrad((x) => ({
            value: tf.clone(x as tf.Tensor),
            gradFunc: (dy: tf.Tensor) => {
              if (input.site.blockIndex === 1 && input.step === 1) throw new Error("No loss today.");
              return dy;
            },
          }));
          return { total: hurt(total) as tf.Scalar, terms };
        }),
    },
  };

  it.each(Object.keys(throwing))("%s: leaks nothing, keeps its block, and can be done again", (where) => {
    const network = tinyNetwork(engine, { loss: throwing[where] ?? loss });
    train(network, 1);
    const before = [1, 2].map((block) => ofBlock(network, block));
    const memory = tf.memory();
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(() => train(network, 2, 1)).toThrow("No loss today.");
    }
    expect(tf.memory().numTensors).toBe(memory.numTensors);
    expect(tf.memory().numDataBuffers).toBe(memory.numDataBuffers);
    expect(differences(before[0] ?? {}, ofBlock(network, 1))).toEqual([]);
    expect(differences(before[1] ?? {}, ofBlock(network, 2))).toEqual([]);
    expect(train(network, 3, 2)[0]?.map(({ skipped }) => skipped)).toEqual([false, false, false]);
    network.dispose();
  });
});
