import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { BatchNormBackend } from "../operations/batch-norm.js";

/** What an engine gives to the computation of expansions; no gradient is taken through these functions. */
export interface ExpansionBackend {
  readonly batchNorm: BatchNormBackend;
  /** `sum over all pixels of x y^T`: `[..., a]`, `[..., b] -> [a, b]`. */
  crossProduct(x: Tensor4D, y: Tensor4D): Tensor2D;
}

/** `x [batch, height, width, in]` times `matrix [in, out]`, pixel by pixel; with `transpose` times its transpose. */
export function multiplyPixels(x: Tensor4D, matrix: Tensor2D, transpose = false): Tensor4D {
  return tf.tidy(() => {
    const [batch, height, width] = x.shape;
    const product = tf.matMul(asMatrix(x), matrix, false, transpose);
    return tf.reshape(product, [batch, height, width, matrix.shape[transpose ? 0 : 1]]);
  });
}

/** Pixels as rows. */
export function asMatrix(x: Tensor4D): Tensor2D {
  return tf.reshape(x, [x.size / x.shape[3], x.shape[3]]);
}
