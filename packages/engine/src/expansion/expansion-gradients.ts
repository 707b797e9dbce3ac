import * as tf from "@tensorflow/tfjs-core";
import { type ExpansionBackend, multiplyPixels } from "./expansion-backend.js";
import { type ExpansionInput, expandedChunk, inputChunk, normOf } from "./expansion-input.js";
import type { ImageChunk } from "./image-chunks.js";
import { addTerm, emptySum } from "./running-sum.js";

/** Gradients of an expansion, the caller's. */
export interface ExpansionGradients extends tf.NamedTensorMap {
  readonly x: tf.Tensor4D;
  readonly matrix: tf.Tensor2D;
  readonly scale: tf.Tensor1D;
  readonly offset: tf.Tensor1D;
}

/**
 * Gradients from `dy [batch, out]`; each chunk of the expanded map is computed again.
 *
 * With statistics held fixed, chunks add up: `g` behind the norm is `dy / pixels` where the rectifier let pass, and
 * `h = g scale / sigma` before it. That mean and variance depend on x takes from h a part that is the same for all pixels
 * and one along the normalised map; both are linear in the centred input, so they need sums but no expanded map (`n` pixels, x and y less their means):
 *
 * ```
 * dmatrix = sum x h^T - cov(x, y) diag(r),           r = dscale scale / sigma^2
 * dx      = h matrix^T - matrix (doffset scale / sigma) / n - x matrix diag(r) matrix^T / n
 * ```
 */
export function expansionGradients(
  input: ExpansionInput,
  dy: tf.Tensor2D,
  chunks: readonly ImageChunk[],
  backend: ExpansionBackend,
): ExpansionGradients {
  return tf.tidy(() => {
    const parts: tf.Tensor4D[] = [];
    const sums = {
      matrix: emptySum<tf.Rank.R2>(input.matrix.shape),
      scale: emptySum<tf.Rank.R1>(input.mean.shape),
      offset: emptySum<tf.Rank.R1>(input.mean.shape),
    };
    for (const chunk of chunks) {
      const gradients = chunkGradients(input, dy, chunk, backend);
      parts.push(gradients.x);
      sums.matrix = addTerm(sums.matrix, gradients.matrix);
      sums.scale = addTerm(sums.scale, gradients.scale);
      sums.offset = addTerm(sums.offset, gradients.offset);
    }
    const matrix = sums.matrix.sum;
    const scale = sums.scale.sum;
    const offset = sums.offset.sum;
    const { batch } = input;
    if (batch === null) return { x: tf.concat(parts), matrix, scale, offset };

    const inverse = tf.rsqrt(tf.add(input.variance, input.epsilon));
    const factor = input.scale === null ? inverse : tf.mul(inverse, input.scale);
    const along = tf.mul<tf.Tensor1D>(tf.mul(factor, inverse), scale);
    const even = tf.mul<tf.Tensor1D>(factor, offset);
    const count = input.x.size / input.x.shape[3];
    const slope = tf.matMul<tf.Tensor2D>(
      tf.div<tf.Tensor2D>(tf.mul(input.matrix, along), count),
      input.matrix,
      false,
      true,
    );
    const level = tf.sub(
      tf.matMul(tf.reshape(tf.div(even, count), [1, even.size]), input.matrix, false, true),
      tf.matMul(tf.reshape(batch.rest, [1, batch.rest.size]), slope),
    );
    chunks.forEach((chunk, index) => {
      const part = parts[index] as tf.Tensor4D;
      parts[index] = tf.tidy(() => {
        const correction = multiplyPixels(inputChunk(input, chunk), slope);
        return tf.sub(tf.sub(part, correction), level);
      });
      part.dispose();
    });
    return {
      x: tf.concat(parts),
      matrix: tf.sub(tf.sub(matrix, tf.outerProduct(batch.rest, even)), tf.mul(batch.covariance, along)),
      scale,
      offset,
    };
  });
}

/** Those of one chunk, with statistics held fixed. */
function chunkGradients(
  input: ExpansionInput,
  dy: tf.Tensor2D,
  chunk: ImageChunk,
  { batchNorm, crossProduct }: ExpansionBackend,
): ExpansionGradients {
  return tf.tidy(() => {
    const y = expandedChunk(input, chunk);
    const {
      x: h,
      scale,
      offset,
    } = batchNorm.gradients(normOf(input, y), tf.slice(dy, chunk.first, chunk.count), false);
    y.dispose();
    return {
      x: multiplyPixels(h as tf.Tensor4D, input.matrix, true),
      matrix: crossProduct(inputChunk(input, chunk), h as tf.Tensor4D),
      scale: scale as tf.Tensor1D,
      offset: offset as tf.Tensor1D,
    };
  });
}
