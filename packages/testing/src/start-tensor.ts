import type { BufferSpecV1, ParameterSpecV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** A parameter or buffer filled as it asks, always with the same numbers at the same place of a list; the caller's. */
export function startTensor(
  { shape, initializer }: ParameterSpecV1 | BufferSpecV1,
  place: number,
): tf.Tensor {
  const dimensions = [...shape];
  // To TensorFlow.js, a seed of 0 is none.
  const seed = place + 1;
  switch (initializer.kind) {
    case "zeros":
      return tf.zeros(dimensions);
    case "ones":
      return tf.ones(dimensions);
    case "uniform":
      return tf.randomUniform(dimensions, -initializer.bound, initializer.bound, "float32", seed);
    case "normal":
      return tf.randomNormal(dimensions, 0, initializer.standardDeviation, "float32", seed);
  }
}
