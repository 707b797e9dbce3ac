import { createEngine } from "@blockwise/engine";
import type { EngineV1, OperationsV1 } from "@blockwise/spec";
import { createLayerSubject, referenceOperations } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { convolutionExpansion } from "./convolution-expansion.js";

const inputShape = [3, 2, 4];

describe.each(["cpu", "wasm"] as const)("convolutionExpansion on %s", (engineName) => {
  let engine: EngineV1;
  beforeAll(async () => {
    engine = await createEngine({ name: engineName });
  });

  it.each([1, 3] as const)("is mean(relu(batchNorm(conv))) with a kernel of %i", (kernelSize) => {
    const layer = convolutionExpansion({ dim: 5, kernelSize }).doCreate({ inputShape });
    const subject = createLayerSubject(layer, engine.operations);
    tf.tidy(() => {
      const x = tf.randomNormal<tf.Rank.R4>([6, 3, 2, 4], 0, 1, "float32", 3);
      const filter = subject.parameters.get("0.weight") as tf.Tensor4D;
      const map = tf.conv2d(x, filter, 1, "same");
      const { mean, variance } = tf.moments(map, [0, 1, 2]);
      const normalized = tf.div(tf.sub(map, mean), tf.sqrt(tf.add(variance, 1e-5)));
      const trained = subject.apply(x);
      expect(trained).toBeCloseToTensor(tf.mean(tf.relu(normalized), [1, 2]), { absolute: 1e-5 });

      const moved = tf.add(tf.mul(variance, (0.1 * 36) / 35), 0.9);
      expect(subject.buffers.get("1.running_var")).toBeCloseToTensor(moved, { relative: 1e-4 });
      const evaluation = tf.div(tf.sub(map, tf.mul(mean, 0.1)), tf.sqrt(tf.add(moved, 1e-5)));
      expect(subject.apply(x, { training: false })).toBeCloseToTensor(tf.mean(tf.relu(evaluation), [1, 2]), {
        absolute: 1e-4,
      });
    });
    subject.dispose();
  });
});

describe.each(["cpu", "wasm"] as const)("a cut map on %s", (engineName) => {
  let engine: EngineV1;
  beforeAll(async () => {
    engine = await createEngine({ name: engineName });
  });

  /** Trains once on `x` and evaluates after: outputs, gradients of x and parameters, running statistics. */
  function results(chunkBytes: number, x: tf.Tensor): tf.Tensor[] {
    const layer = convolutionExpansion({ dim: 5, chunkBytes }).doCreate({ inputShape });
    const subject = createLayerSubject(layer, engine.operations);
    const train = (input: tf.Tensor, ...parameters: tf.Tensor[]): tf.Scalar =>
      tf.sum(tf.square(subject.apply(input, { parameters })));
    const gradients = tf.grads(train)([x, ...subject.parameters.values()]);
    const outputs = [subject.apply(x), subject.apply(x, { training: false })];
    const buffers = [...subject.buffers.values()].map((buffer) => tf.clone(buffer));
    subject.dispose();
    return [...outputs, ...gradients, ...buffers];
  }

  it("gives what the whole map gives", () =>
    tf.tidy(() => {
      const x = tf.randomNormal([6, ...inputShape], 0.5, 1, "float32", 3);
      const whole = results(1e6, x);
      results(1, x).forEach((tensor, index) => {
        expect(tensor).toBeCloseToTensor(whole[index] as tf.Tensor, { relative: 2e-5, absolute: 1e-5 });
      });
    }));

  it("leaves no tensor", async () => {
    const x = tf.ones([4, ...inputShape]);
    await expect(() => tf.tidy(() => void results(1, x))).toLeakNoTensors();
    x.dispose();
  });
});

describe("convolutionExpansion", () => {
  it("cuts what is larger than it may be, and by default maps above 256 MiB", () => {
    const asked: number[] = [];
    const operations: OperationsV1 = {
      ...referenceOperations,
      expandAndPoolTrain: (x, filter, options) => {
        asked.push(options.chunkBytes);
        return referenceOperations.expandAndPoolTrain(x, filter, options);
      },
    };
    const map = 2 * 6 * 4 * 4;
    tf.tidy(() => {
      for (const chunkBytes of [map, map - 1, "auto"] as const) {
        const layer = convolutionExpansion({ dim: 4, chunkBytes }).doCreate({ inputShape });
        createLayerSubject(layer, operations).apply(tf.ones([2, ...inputShape]));
      }
    });
    expect(asked).toEqual([Infinity, map - 1, Infinity]);

    const paper = convolutionExpansion().doCreate({ inputShape: [56, 56, 256] });
    const [whole, cut] = [10, 11].map((batchSize) => paper.activationSize?.([56, 56, 256], batchSize));
    expect([whole, cut]).toEqual([(56 * 56 + 1) * 2048, 2048]);
  });

  it("names its parameters as a Sequential does and starts the filter as PyTorch does", () => {
    const layer = convolutionExpansion({ dim: 5, kernelSize: 3 }).doCreate({ inputShape });
    expect(layer.parameters.map(({ name, shape }) => [name, shape])).toEqual([
      ["0.weight", [3, 3, 4, 5]],
      ["1.weight", [5]],
      ["1.bias", [5]],
    ]);
    expect(layer.parameters[0]?.initializer).toEqual({ kind: "uniform", bound: 1 / 6 });
    expect(layer.buffers.map(({ name }) => name)).toEqual(["1.running_mean", "1.running_var"]);
    expect(layer.outputShape(inputShape)).toEqual([5]);
    expect(() => layer.outputShape([3, 2, 5])).toThrow("must have shape [height, width, 4]");
  });

  it("is the paper's head by default, and states its options", () => {
    const head = convolutionExpansion();
    expect(head).toMatchObject({
      specificationVersion: "v1",
      kind: "head",
      id: "convolution-expansion",
      options: { dim: 2048, kernelSize: 1, chunkBytes: "auto" },
    });
    expect(head.doCreate({ inputShape: [1, 1, 8] }).parameters[0]?.shape).toEqual([1, 1, 8, 2048]);
  });

  it("refuses impossible options and inputs", () => {
    for (const dim of [0, -1, 1.5, Number.NaN]) {
      expect(() => convolutionExpansion({ dim })).toThrow('Option "dim" must be a whole number above 0');
    }
    expect(() => convolutionExpansion({ kernelSize: 2 as 1 })).toThrow('Option "kernelSize" must be 1 or 3');
    for (const chunkBytes of [0, -1, 0.5, Number.NaN]) {
      expect(() => convolutionExpansion({ chunkBytes })).toThrow(
        'Option "chunkBytes" must be a whole number',
      );
    }
    expect(() => convolutionExpansion({ kernelSize: 3, chunkBytes: 1 })).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option: "chunkBytes" }),
    );
    expect(() => convolutionExpansion().doCreate({ inputShape: [8] })).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_SHAPE_MISMATCH", received: [8] }),
    );
  });
});
