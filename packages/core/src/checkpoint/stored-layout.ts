import type { ParameterLayoutV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** A tensor as files hold it: PyTorch's axis order. */
export interface StoredTensor {
  /** Lengths of the axes, in PyTorch's order. */
  readonly shape: readonly number[];
  /** The values, last axis fastest. */
  readonly data: Float32Array;
}

// Axis orders from memory to file: [height, width, in, out] -> [out, in, height, width], and [in, out] -> [out, in].
const toFile: Readonly<Record<ParameterLayoutV1, readonly number[] | null>> = {
  convolution: [3, 2, 0, 1],
  linear: [1, 0],
  plain: null,
};
const toMemory: Readonly<Record<ParameterLayoutV1, readonly number[] | null>> = {
  convolution: [2, 3, 1, 0],
  linear: [1, 0],
  plain: null,
};

/** The shape that files give a tensor of that shape and layout. */
export function storedShape(shape: readonly number[], layout: ParameterLayoutV1): readonly number[] {
  return toFile[layout]?.map((axis) => shape[axis] ?? 0) ?? shape;
}

/** Copies a tensor out in PyTorch's axis order; exact. */
export function toStored(tensor: tf.Tensor, layout: ParameterLayoutV1): StoredTensor {
  const order = toFile[layout];
  if (order === null) return { shape: tensor.shape, data: tensor.dataSync<"float32">().slice() };
  // Not in a tidy: it would look for tensors to keep among all the numbers that it returns, which takes minutes.
  const moved = tf.transpose(tensor, [...order]);
  try {
    return { shape: moved.shape, data: moved.dataSync<"float32">().slice() };
  } finally {
    moved.dispose();
  }
}

/** Makes a tensor from what a file holds; exact. It belongs to the caller. */
export function fromStored({ shape, data }: StoredTensor, layout: ParameterLayoutV1): tf.Tensor {
  const order = toMemory[layout];
  return tf.tidy(() => {
    const stored = tf.tensor(data.slice(), [...shape], "float32");
    return order === null ? stored : tf.transpose(stored, [...order]);
  });
}
