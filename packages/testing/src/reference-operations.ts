import type { BatchNormEpilogue, OperationsV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** The operations of an engine in plain, slow TensorFlow.js: right on every backend that has all gradients. */
export const referenceOperations: OperationsV1 = {
  conv2d: (x, filter, { stride, padding }) => tf.conv2d(x, filter, stride, padding, "NHWC", 1, "floor"),

  maxPool: (x, { size, stride, padding }) => tf.maxPool(x, size, stride, padding, "floor"),

  batchNormTrain(x, options) {
    return tf.tidy(() => {
      const axes = x.shape.slice(0, -1).map((_, axis) => axis);
      const { mean, variance } = tf.moments(x, axes);
      const output = normalize(x, { ...options, mean, variance });
      return { output, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
    });
  },

  batchNormEvaluate: (x, options) => tf.tidy(() => normalize(x, options)),

  expandAndPoolTrain(x, filter, { chunkBytes: _, ...options }) {
    const { output, mean, variance } = tf.tidy(() => {
      const map = tf.conv2d(x, filter, 1, "valid");
      const result = referenceOperations.batchNormTrain(map, { ...options, ...rectifyAndPool });
      return { ...result };
    });
    return { output, mean, variance };
  },

  expandAndPoolEvaluate: (x, filter, { chunkBytes: _, ...options }) =>
    tf.tidy(() => normalize(tf.conv2d(x, filter, 1, "valid"), { ...options, ...rectifyAndPool })),
};

const rectifyAndPool = { activation: "relu", pool: "globalAverage" } as const;

interface Normalization extends BatchNormEpilogue {
  readonly mean: tf.Tensor;
  readonly variance: tf.Tensor;
  readonly scale: tf.Tensor1D | null;
  readonly offset: tf.Tensor1D | null;
  readonly epsilon: number;
}

function normalize(
  x: tf.Tensor,
  { mean, variance, scale, offset, epsilon, residual, activation, pool }: Normalization,
): tf.Tensor {
  let y = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon)));
  if (scale !== null) y = tf.mul(y, scale);
  if (offset !== null) y = tf.add(y, offset);
  if (residual !== undefined) y = tf.add(y, residual);
  if (activation === "relu") y = tf.relu(y);
  return pool === "globalAverage" ? tf.mean(y, [1, 2]) : y;
}
