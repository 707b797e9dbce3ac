import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { referenceOperations } from "./reference-operations.js";
import { useCpuBackend } from "./use-cpu-backend.js";

beforeAll(useCpuBackend);
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const parameters = { scale: null, offset: null, epsilon: 0 };

describe("referenceOperations", () => {
  it("pad and stride a convolution as PyTorch does", () => {
    const x = tf.reshape(tf.range(1, 10), [1, 3, 3, 1]) as tf.Tensor4D;
    const y = referenceOperations.conv2d(x, tf.ones([3, 3, 1, 1]), { stride: 2, padding: 1 });
    expect(y).toBeCloseToTensor([
      [
        [[12], [16]],
        [[24], [28]],
      ],
    ]);
    expect(referenceOperations.conv2d(x, tf.ones([1, 1, 1, 1]), { stride: 2, padding: 0 }).shape).toEqual([
      1, 2, 2, 1,
    ]);
  });

  it("let padding lose every maximum", () => {
    const x = tf.reshape(tf.range(-9, 0), [1, 3, 3, 1]) as tf.Tensor4D;
    const y = referenceOperations.maxPool(x, { size: 3, stride: 2, padding: 1 });
    expect(y).toBeCloseToTensor([
      [
        [[-5], [-4]],
        [[-2], [-1]],
      ],
    ]);
  });

  it("normalise by the batch's mean and biased variance", () => {
    const { output, mean, variance } = referenceOperations.batchNormTrain(
      tf.tensor2d([
        [1, 5],
        [3, 9],
      ]),
      parameters,
    );
    expect(output).toBeCloseToTensor([
      [-1, -1],
      [1, 1],
    ]);
    expect(mean).toBeCloseToTensor([2, 7]);
    expect(variance).toBeCloseToTensor([1, 4]);
  });

  it("apply gain, shift, residual, rectifier and pool in this order", () => {
    const x = tf.tensor4d([[[[1], [3]]]]);
    const options = {
      epsilon: 3,
      mean: tf.tensor1d([2]),
      variance: tf.tensor1d([1]),
      scale: tf.tensor1d([4]),
      offset: tf.tensor1d([1]),
      residual: tf.tensor4d([[[[-5], [10]]]]),
      activation: "relu",
      pool: "globalAverage",
    } as const;
    expect(referenceOperations.batchNormEvaluate(x, options)).toBeCloseToTensor([[6.5]]);
  });

  it("expand, normalise, rectify and average, whatever the chunks", () => {
    const x = tf.tensor4d([[[[1], [3]]], [[[5], [7]]]]);
    const options = { scale: null, offset: tf.tensor1d([0, 1]), epsilon: 0, chunkBytes: 1 };
    const filter = tf.tensor4d([[[[1, -2]]]]);
    const { output, mean, variance } = referenceOperations.expandAndPoolTrain(x, filter, options);
    expect(mean).toBeCloseToTensor([4, -8]);
    expect(variance).toBeCloseToTensor([5, 20]);
    const root = Math.sqrt(5);
    const expected = [
      [0, 1 + 2 / root],
      [2 / root, (1 - 1 / root) / 2],
    ];
    expect(output).toBeCloseToTensor(expected);
    const given = { ...options, mean, variance };
    expect(referenceOperations.expandAndPoolEvaluate(x, filter, given)).toBeCloseToTensor(expected);
  });
});
