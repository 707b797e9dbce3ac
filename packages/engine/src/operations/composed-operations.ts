import type { OperationsV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { expandAndPoolOperations } from "../expansion/expand-and-pool.js";
import { asMatrix, type ExpansionBackend } from "../expansion/expansion-backend.js";
import { batchNormOperations } from "./batch-norm.js";
import { checkConvolution, checkMaxPool } from "./check-arguments.js";
import { composedBatchNorm } from "./composed-batch-norm.js";

const composedExpansion: ExpansionBackend = {
  batchNorm: composedBatchNorm,
  crossProduct: (x, y) => tf.tidy(() => tf.matMul(asMatrix(x), asMatrix(y), true)),
};

/**
 * The operations from plain TensorFlow.js, for engines without kernels of ours. Padding is a separate step, since the
 * native engines' gradients know "same" and "valid" only.
 */
export const composedOperations: OperationsV1 = {
  ...batchNormOperations(composedBatchNorm),
  ...expandAndPoolOperations(composedExpansion),
  conv2d(x, filter, options) {
    checkConvolution(x, filter, options);
    return tf.tidy(() => tf.conv2d(pad(x, options.padding, 0), filter, options.stride, "valid"));
  },
  maxPool(x, options) {
    checkMaxPool(x, options);
    // The lowest float instead of -Infinity: some kernels multiply masked values by 0, which would give NaN.
    return tf.tidy(() => tf.maxPool(pad(x, options.padding, LOWEST), options.size, options.stride, "valid"));
  },
};

const LOWEST = -3.4028234663852886e38;

function pad(x: tf.Tensor4D, padding: number, value: number): tf.Tensor4D {
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
