import * as tf from "@tensorflow/tfjs-core";

/** In place of minus infinity: some kernels multiply masked values by 0, which would give NaN. */
export const lowestFloat = -3.4028234663852886e38;

/** Images with as many pixels of a value on each side. */
export function padImages(x: tf.Tensor4D, padding: number, value: number): tf.Tensor4D {
  if (padding === 0) return x;
  return tf.pad(
    x,
    [
      [0, 0],
      [padding, padding],
      [padding, padding],
      [0, 0],
    ],
    value,
  );
}
