import * as tf from "@tensorflow/tfjs-core";
import type { BatchNormBackend, BatchNormGradients, BatchNormInput } from "./batch-norm.js";

/** Batch norm from plain TensorFlow.js operations, for engines without a kernel of their own. */
export const composedBatchNorm: BatchNormBackend = {
  statistics(x) {
    const axes = leadingAxes(x);
    const [mean, variance] = tf.tidy(() => {
      const mean = tf.mean<tf.Tensor1D>(x, axes);
      return [mean, tf.mean<tf.Tensor1D>(tf.squaredDifference(x, mean), axes)];
    });
    return { mean, variance };
  },

  normalize(input) {
    return tf.tidy(() => {
      const y = preactivation(input);
      const activated = input.relu ? tf.relu(y) : y;
      return input.pool ? tf.mean(activated, [1, 2]) : activated;
    });
  },

  gradients(input, dy, batchStatistics) {
    return tf.tidy((): BatchNormGradients & tf.NamedTensorMap => {
      const { x, mean, variance, scale, epsilon } = input;
      const axes = leadingAxes(x);
      const count = x.size / mean.size;
      const inverse = tf.rsqrt(tf.add(variance, epsilon));
      const normal = tf.mul(tf.sub(x, mean), inverse);
      const spread = input.pool ? spreadOverPixels(dy, x) : dy;
      const g = input.relu ? tf.mul(spread, tf.cast(tf.greater(preactivation(input), 0), "float32")) : spread;
      const offset = tf.sum(g, axes);
      const scaleGradient = tf.sum(tf.mul(g, normal), axes);
      const factor = scale === null ? inverse : tf.mul(inverse, scale);
      const centred = batchStatistics
        ? tf.sub(g, tf.div(tf.add(offset, tf.mul(normal, scaleGradient)), count))
        : g;
      // The tidy's type asks for tensors only; a missing residual is null, which it passes through.
      return {
        x: tf.mul(centred, factor),
        scale: scaleGradient,
        offset,
        residual: (input.residual === null ? null : tf.clone(g)) as tf.Tensor,
      };
    });
  },
};

function preactivation({ x, mean, variance, scale, offset, residual, epsilon }: BatchNormInput): tf.Tensor {
  let y = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon)));
  if (scale !== null) y = tf.mul(y, scale);
  if (offset !== null) y = tf.add(y, offset);
  return residual === null ? y : tf.add(y, residual);
}

function spreadOverPixels(dy: tf.Tensor, x: tf.Tensor): tf.Tensor {
  const [batch = 0, height = 0, width = 0, channels = 0] = x.shape;
  const share = tf.div(tf.reshape(dy, [batch, 1, 1, channels]), height * width);
  return tf.tile(share, [1, height, width, 1]);
}

function leadingAxes(x: tf.Tensor): number[] {
  return x.shape.slice(0, -1).map((_, axis) => axis);
}
