import { fillNormal, fillUniform, fold, type RandomKey } from "@blockwise/random";
import type { BufferSpecV1, ParameterSpecV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/**
 * The tensor that a parameter or buffer starts from. Random ones are keyed by name (or by `startsAs`), so that a block's
 * start does not depend on what other blocks there are. The tensor belongs to the caller.
 */
export function initialTensor(key: RandomKey, spec: ParameterSpecV1 | BufferSpecV1): tf.Tensor {
  return tf.tensor(initialValues(key, spec), [...spec.shape], "float32");
}

function initialValues(
  key: RandomKey,
  { shape, initializer, ...spec }: ParameterSpecV1 | BufferSpecV1,
): Float32Array {
  const name = ("startsAs" in spec ? spec.startsAs : undefined) ?? spec.name;
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  switch (initializer.kind) {
    case "zeros":
      return values;
    case "ones":
      return values.fill(1);
    case "normal":
      fillNormal(fold(key, name), values);
      return values.map((value) => value * initializer.standardDeviation);
    case "uniform":
      fillUniform(fold(key, name), values);
      return values.map((value) => (2 * value - 1) * initializer.bound);
  }
}
