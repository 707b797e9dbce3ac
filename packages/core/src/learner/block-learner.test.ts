import { resnet } from "@blockwise/backbone-resnet";
import { createEngine } from "@blockwise/engine";
import { globalPool, mlpProjector } from "@blockwise/heads";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { sgd } from "@blockwise/optim";
import type { EngineV1, LocalLossV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  batchSize,
  differences,
  tinyNetwork,
  tinyViews,
  train,
  valuesOf,
} from "../__fixtures__/tiny-network.js";
import { stepNetwork } from "../trainer/step-network.js";

let engine: EngineV1;
beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});

const plainLoss: LocalLossV1 = {
  ...barlowTwins(),
  id: "plain",
  options: {},
};

describe("BlockLearner", () => {
  it("learns: the loss of every block falls on the same images", () => {
    const network = tinyNetwork(engine);
    const losses = Array.from({ length: 12 }, () => train(network, 1)[0]?.map(({ loss }) => loss) ?? []);
    for (const [block, first] of (losses[0] ?? []).entries()) {
      expect(losses.at(-1)?.[block]).toBeLessThan(0.8 * first);
    }
    expect(network.learners.map(({ counters }) => counters)).toEqual(
      Array(3).fill({ updateCount: 12, skippedSteps: 0, skippedInARow: 0, stopped: false }),
    );
    network.dispose();
  });

  it("leaves no tensor behind and keeps the heap flat over 100 steps", () => {
    const network = tinyNetwork(engine, {
      backbone: resnet({ depth: { unit: "basic", unitCounts: [1, 1] }, width: 2, stem: "cifar" }),
      head: globalPool(),
      projector: mlpProjector({ widths: [4] }),
      noise: { kind: "all", standardDeviation: 0.25 },
    });
    train(network, 10);
    const before = { ...engine.memory(), buffers: tf.memory().numDataBuffers };
    train(network, 110, 10);
    expect({ ...engine.memory(), buffers: tf.memory().numDataBuffers }).toEqual(before);
    network.dispose();
  });

  it("reports loss, named terms, rate and collapse of each block", () => {
    const embeddings: tf.Tensor[] = [];
    const network = tinyNetwork(engine, {
      loss: {
        ...plainLoss,
        doCompute: (input) => {
          const [view] = input.views;
          if (view !== undefined) embeddings.push(tf.keep(tf.clone(view.embedding)));
          return plainLoss.doCompute(input);
        },
      },
    });
    const reports = train(network, 1)[0] ?? [];
    expect(reports.map(({ block }) => block)).toEqual(["layer1", "layer2", "layer3"]);
    for (const [index, { loss, terms, learningRate, skipped, embeddingDeviation }] of reports.entries()) {
      expect({ learningRate, skipped }).toEqual({ learningRate: 0.1, skipped: false });
      expect(Object.keys(terms)).toEqual(["invariance", "redundancy"]);
      expect((terms.invariance ?? 0) + (terms.redundancy ?? 0)).toBeCloseToTensor(loss);
      expect(embeddingDeviation).toBeCloseToTensor(deviation(embeddings[index]), { relative: 1e-4 });
    }
    tf.dispose(embeddings);
    network.dispose();
  });

  it("reports a deviation of 0 for a collapsed embedding, and 1 / sqrt(dim) at most", () => {
    const constant: LocalLossV1["doCompute"] = (input) => {
      const { total, terms } = plainLoss.doCompute(input);
      return { total, terms };
    };
    const network = tinyNetwork(engine, {
      loss: { ...plainLoss, doCompute: constant },
      projector: {
        specificationVersion: "v1",
        kind: "projector",
        id: "constant",
        options: {},
        doCreate: () => ({
          parameters: [],
          buffers: [],
          outputShape: () => [8],
          apply: (x) => tf.add(tf.mul(tf.slice(tf.concat([x, x], 1), [0, 0], [batchSize, 8]), 0), 1),
        }),
      },
    });
    for (const { embeddingDeviation } of train(network, 1)[0] ?? []) {
      expect(embeddingDeviation).toBeCloseToTensor(0, { absolute: 1e-6 });
    }
    network.dispose();
  });

  it("hands labels, step and place to the loss", () => {
    const seen: unknown[] = [];
    const network = tinyNetwork(engine, {
      classCount: 3,
      loss: {
        ...plainLoss,
        doCompute: (input) => {
          seen.push([input.labels?.arraySync(), input.step, input.stepCount, input.site.blockIndex]);
          return plainLoss.doCompute(input);
        },
      },
    });
    const views = tinyViews(0);
    const labels = tf.tensor1d([0, 1, 2, 0, 1, 2], "int32");
    stepNetwork(network, { views, labels, step: 7, stepCount: 9, learningRate: 0.1, seed: 1 });
    expect(seen).toEqual([0, 1, 2].map((block) => [[0, 1, 2, 0, 1, 2], 7, 9, block]));
    tf.dispose([views, labels]);
    network.dispose();
  });
});

describe("the state of a loss", () => {
  const stateful: LocalLossV1 = {
    ...plainLoss,
    doInit: ({ embeddingDim }) => ({
      parameters: [{ name: "shift", shape: [embeddingDim], layout: "plain", initializer: { kind: "zeros" } }],
      buffers: [{ name: "calls", shape: [], initializer: { kind: "zeros" } }],
    }),
    doCompute: ({ views: [first, second], context }) =>
      tf.tidy(() => {
        if (first === undefined || second === undefined) throw new Error("Two views.");
        context.updateBuffer("calls", tf.add(context.buffer("calls"), 1));
        const distance = tf.sub(
          tf.add(first.embedding, context.parameter("shift")),
          tf.add(second.embedding, 1),
        );
        const total = tf.mean<tf.Scalar>(tf.square(distance));
        return { total, terms: { distance: total } };
      }),
  };

  it("is trained and kept by block", () => {
    const network = tinyNetwork(engine, { loss: stateful, optimizer: sgd() });
    const shift = (): Float32Array =>
      network.tensors().parameters["loss.2.shift"]?.dataSync<"float32">() ?? new Float32Array();
    expect([...shift()]).toEqual(Array(8).fill(0));
    train(network, 3);
    // The views differ by 1 on average, and the shift learns just that.
    expect(shift().every((value) => value > 0)).toBe(true);
    expect(network.tensors().buffers["loss.2.calls"] ?? Number.NaN).toBeCloseToTensor(3);
    network.dispose();
  });

  it("leaves no tensor behind", async () => {
    const network = tinyNetwork(engine, { loss: stateful });
    await expect(() => train(network, 1)).toLeakNoTensors();
    network.dispose();
  });

  it("is named where the loss asks for what it has not listed", () => {
    const network = tinyNetwork(engine, { loss: { ...stateful, doInit: plainLoss.doInit } });
    expect(() => train(network, 1)).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_MISSING_STATE", missing: "loss.0.calls" }),
    );
    network.dispose();
  });
});

describe("a loss that depends on less than everything", () => {
  it("leaves the parameters that it does not see as they are", async () => {
    const network = tinyNetwork(engine, {
      optimizer: sgd(),
      loss: {
        ...plainLoss,
        doCompute: ({ views: [first, second] }) =>
          tf.tidy(() => {
            if (first === undefined || second === undefined) throw new Error("Two views.");
            const total = tf.mean<tf.Scalar>(tf.squaredDifference(first.feature, second.feature));
            return { total, terms: { total } };
          }),
      },
    });
    const before = valuesOf(network);
    train(network, 2);
    const moved = differences(before, valuesOf(network));
    expect(moved.filter((name) => name.startsWith("parameters:projector"))).toEqual([]);
    expect(moved).toContain("parameters:layer3.0.conv2.weight");
    await expect(() => train(network, 1)).toLeakNoTensors();
    network.dispose();
  });

  it("may depend on nothing at all", async () => {
    const network = tinyNetwork(engine, {
      optimizer: sgd(),
      loss: { ...plainLoss, doCompute: () => ({ total: tf.scalar(3), terms: {} }) },
    });
    const before = valuesOf(network);
    expect(train(network, 1)[0]?.map(({ loss, skipped }) => [loss, skipped])).toEqual(
      Array(3).fill([3, false]),
    );
    expect(differences(before, valuesOf(network)).filter((name) => name.startsWith("parameters:"))).toEqual(
      [],
    );
    await expect(() => train(network, 1)).toLeakNoTensors();
    network.dispose();
  });
});

/** Mean over dimensions of the standard deviation of the l2-normalised rows. */
function deviation(embedding: tf.Tensor | undefined): number {
  const rows = ((embedding as tf.Tensor2D).arraySync() as number[][]).map((row) => {
    const norm = Math.hypot(...row);
    return row.map((value) => value / norm);
  });
  const dim = rows[0]?.length ?? 0;
  const deviations = Array.from({ length: dim }, (_, index) => {
    const column = rows.map((row) => row[index] ?? 0);
    const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
    return Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length);
  });
  return deviations.reduce((sum, value) => sum + value, 0) / dim;
}
