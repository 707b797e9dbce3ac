import type { BatchNormEpilogue } from "@blockwise/spec";
import { checkGradients } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { describeOnEngines, randomTensor } from "../__fixtures__/run-on-engines.js";
import { createEngine } from "../index.js";

/** A sum in which each element has a weight of its own, so that no two gradients can be mistaken for each other. */
function weightedSum(value: tf.Tensor): tf.Scalar {
  return tf.sum(tf.mul(value, randomTensor(value.shape, 77)));
}

/** Different values in random order, at least 0.1 apart: a step of 0.02 changes no maximum. */
function separated(shape: readonly [number, number, number, number]): tf.Tensor4D {
  const keys = randomTensor(shape, 5).dataSync();
  const order = [...keys.keys()].sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
  const values = new Float32Array(keys.length);
  order.forEach((place, rank) => {
    values[place] = (rank - keys.length / 2) * 0.1;
  });
  return tf.tensor<tf.Rank.R4>(values, [...shape]);
}

describeOnEngines("gradients are what finite differences give", ["cpu", "wasm", "native", "node"], (name) => {
  let operations: Awaited<ReturnType<typeof createEngine>>["operations"];
  beforeAll(async () => {
    operations = (await createEngine({ name })).operations;
  });

  test.each([
    { input: [2, 4, 4, 2], filter: [3, 3, 2, 3], stride: 1, padding: 1 },
    { input: [1, 5, 4, 3], filter: [3, 3, 3, 2], stride: 2, padding: 1 },
    { input: [2, 3, 3, 4], filter: [1, 1, 4, 9], stride: 2, padding: 0 },
  ])("conv2d of $input and $filter, stride $stride, padding $padding", ({ input, filter, ...options }) =>
    tf.tidy(() => {
      const f = (...[x, weights]: tf.Tensor[]): tf.Scalar =>
        weightedSum(operations.conv2d(x as tf.Tensor4D, weights as tf.Tensor4D, options));
      const { worstRelativeError } = checkGradients(f, [randomTensor(input, 1), randomTensor(filter, 2)]);
      expect(worstRelativeError).toBeLessThan(2e-4);
    }),
  );

  test.each([
    { size: 3, stride: 2, padding: 1 },
    { size: 2, stride: 1, padding: 0 },
  ])("maxPool of size $size, stride $stride, padding $padding", (options) =>
    tf.tidy(() => {
      const f = (x: tf.Tensor): tf.Scalar => weightedSum(operations.maxPool(x as tf.Tensor4D, options));
      expect(checkGradients(f, [separated([1, 5, 5, 3])]).worstRelativeError).toBeLessThan(2e-4);
    }),
  );

  const epilogues = (["none", "relu"] as const).flatMap((activation) =>
    (["none", "globalAverage"] as const).flatMap((pool) =>
      [false, true].map((residual) => ({ activation, pool, residual })),
    ),
  );

  test.each(epilogues)(
    "batchNormTrain, activation $activation, pool $pool, residual $residual",
    ({ activation, pool, residual }) =>
      tf.tidy(() => {
        // Nine channels: one vector and one alone. An offset far from 0 holds each channel on one side of ReLU's bend.
        const channels = 9;
        const signs = tf.tensor1d(
          Array.from({ length: channels }, (_, channel) => (channel % 3 === 1 ? -4 : 4)),
        );
        const f = (...[x, scale, offset, shortcut]: tf.Tensor[]): tf.Scalar => {
          const epilogue: BatchNormEpilogue = {
            activation,
            pool,
            ...(shortcut !== undefined && { residual: shortcut }),
          };
          const { output } = operations.batchNormTrain(x as tf.Tensor, {
            scale: scale as tf.Tensor1D,
            offset: offset as tf.Tensor1D,
            epsilon: 0.01,
            ...epilogue,
          });
          return weightedSum(output);
        };
        const x = randomTensor([2, 2, 2, channels], 1);
        const affine = [tf.add(randomTensor([channels], 2), 1), signs];
        const inputs = [x, ...affine, ...(residual ? [randomTensor(x.shape, 3)] : [])];
        const { worstRelativeError } = checkGradients(f, inputs, { step: 0.01 });
        expect(worstRelativeError).toBeLessThan(1e-3);
      }),
  );
});
