import type { OperationsV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { expandAndPoolOperations } from "../expansion/expand-and-pool.js";
import { asMatrix, type ExpansionBackend } from "../expansion/expansion-backend.js";
import { withWholeMaps } from "../expansion/whole-maps.js";
import { batchNormOperations } from "./batch-norm.js";
import { checkConvolution, checkMaxPool } from "./check-arguments.js";
import { composedBatchNorm } from "./composed-batch-norm.js";
import { lowestFloat, padImages } from "./pad-images.js";

const composedExpansion: ExpansionBackend = {
  batchNorm: composedBatchNorm,
  crossProduct: (x, y) => tf.tidy(() => tf.matMul(asMatrix(x), asMatrix(y), true)),
};

/**
 * The operations from plain TensorFlow.js, for engines without kernels of ours. Padding is a separate step, since the
 * native engines' gradients know "same" and "valid" only.
 */
export const composedOperations: OperationsV1 = withWholeMaps({
  ...batchNormOperations(composedBatchNorm),
  ...expandAndPoolOperations(composedExpansion),
  conv2d(x, filter, options) {
    checkConvolution(x, filter, options);
    return tf.tidy(() => tf.conv2d(padImages(x, options.padding, 0), filter, options.stride, "valid"));
  },
  maxPool(x, options) {
    checkMaxPool(x, options);
    const { size, stride, padding } = options;
    return tf.tidy(() => tf.maxPool(padImages(x, padding, lowestFloat), size, stride, "valid"));
  },
});
