import { type LayerContextV1, type LayerV1, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** `tanh(x)` times a gain a channel, then batch norm; for samples of any rank whose last axis has `channels`. */
export function scalingLayer(inputShape: readonly number[], overrides: Partial<LayerV1> = {}): LayerV1 {
  const channels = inputShape.at(-1) ?? 0;
  return {
    parameters: [{ name: "gain", shape: [channels], layout: "plain", initializer: { kind: "ones" } }],
    buffers: [{ name: "running_mean", shape: [channels], initializer: { kind: "zeros" } }],
    outputShape: (shape) => {
      if (shape.length === inputShape.length && shape.at(-1) === channels) return shape;
      const expected = `[${inputShape.length} sizes, the last ${channels}]`;
      throw new ShapeMismatchError({ subject: "Input of the scaling", expected, received: shape });
    },
    apply: (x, context) => scaled(x, context),
    ...overrides,
  };
}

/** What the layer computes, with another inner function. */
export function scaled(
  x: tf.Tensor,
  { training, parameter, buffer, updateBuffer }: LayerContextV1,
  inner: (x: tf.Tensor) => tf.Tensor = tf.tanh,
): tf.Tensor {
  const map = tf.mul(inner(x), parameter("gain"));
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const mean = training ? tf.mean(map, axes) : buffer("running_mean");
  if (training) updateBuffer("running_mean", mean);
  return tf.sub(map, mean);
}
