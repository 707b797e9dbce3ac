import type { OperationsV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { checkConvolution, checkMaxPool } from "../operations/check-arguments.js";
import { lowestFloat, padImages } from "../operations/pad-images.js";

/**
 * Convolution and pooling on TensorFlow. Its gradient kernels are fast for "same" and "valid" padding only (explicit
 * padding takes another path, up to nine times as long), so symmetric padding is said as "same" where that means the
 * same pixels, and is otherwise a step of its own.
 */
export const tensorFlowWindows: Pick<OperationsV1, "conv2d" | "maxPool"> = {
  conv2d(x, filter, options) {
    checkConvolution(x, filter, options);
    const { stride, padding } = options;
    const same = [0, 1].every((axis) =>
      isSame(x.shape[axis + 1] ?? 0, filter.shape[axis] ?? 0, stride, padding),
    );
    if (same) return tf.conv2d(x, filter, stride, "same");
    return tf.tidy(() => tf.conv2d(padImages(x, padding, 0), filter, stride, "valid"));
  },
  maxPool(x, options) {
    checkMaxPool(x, options);
    const { size, stride, padding } = options;
    if ([x.shape[1], x.shape[2]].every((length) => isSame(length, size, stride, padding))) {
      return tf.maxPool(x, size, stride, "same");
    }
    return tf.tidy(() => tf.maxPool(padImages(x, padding, lowestFloat), size, stride, "valid"));
  },
};

/** Whether TensorFlow's "same" looks at the same pixels: it pads as much as the windows reach over, half of it in front. */
export function isSame(length: number, window: number, stride: number, padding: number): boolean {
  const windows = Math.ceil(length / stride);
  const reach = Math.max(0, (windows - 1) * stride + window - length);
  return (
    Math.floor((length + 2 * padding - window) / stride) + 1 === windows && Math.floor(reach / 2) === padding
  );
}
