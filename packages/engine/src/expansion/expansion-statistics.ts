import * as tf from "@tensorflow/tfjs-core";
import { type ExpansionBackend, multiplyPixels } from "./expansion-backend.js";
import {
  type BatchStatistics,
  type ExpansionInput,
  type ExpansionStatistics,
  shiftedChunk,
} from "./expansion-input.js";
import type { ImageChunk } from "./image-chunks.js";
import { addTerm, emptySum } from "./running-sum.js";

/**
 * Mean and variance of `x matrix` without computing it: `mean(x) matrix` and `diag(matrix^T cov(x) matrix)`, with the
 * covariance of centred inputs, so that a mean far above the deviation costs no digits.
 *
 * Where a column lies so that the large entries of the covariance cancel, their rounding is most of the result: those
 * columns (most often none) are expanded, a chunk at a time, and measured.
 */
export function expansionStatistics(
  { x, matrix }: Pick<ExpansionInput, "matrix" | "x">,
  chunks: readonly ImageChunk[],
  epsilon: number,
  backend: ExpansionBackend,
): ExpansionStatistics & { readonly batch: BatchStatistics } {
  const { mean, variance, ...batch } = tf.tidy(() => {
    const shift = tf.mean<tf.Tensor1D>(x, [0, 1, 2]);
    const { rest, covariance: inputCovariance } = inputMoments(x, shift, chunks, backend);
    const mean = tf.reshape<tf.Rank.R1>(tf.matMul(tf.reshape(rest, [1, rest.size]), matrix), [-1]);
    const covariance = tf.matMul<tf.Tensor2D>(inputCovariance, matrix);
    const variance = tf.relu(tf.sum<tf.Tensor1D>(tf.mul(matrix, covariance), 0));
    const columns = cancelledColumns(inputCovariance, matrix, variance, epsilon);
    if (columns.length === 0) return { mean, variance, shift, rest, covariance };
    const measured = mapMoments(x, tf.gather(matrix, [...columns], 1), shift, rest, chunks, backend);
    return {
      mean,
      variance: tf.reshape<tf.Rank.R1>(
        replaceColumns(tf.reshape(variance, [1, variance.size]), columns, measured.variance),
        [variance.size],
      ),
      shift,
      rest,
      covariance: replaceColumns(covariance, columns, measured.covariance),
    };
  });
  return { mean, variance, batch };
}

/** Mean and covariance of `x - shift`. */
function inputMoments(
  x: tf.Tensor4D,
  shift: tf.Tensor1D,
  chunks: readonly ImageChunk[],
  { crossProduct }: ExpansionBackend,
): { readonly rest: tf.Tensor1D; readonly covariance: tf.Tensor2D } {
  const channels = shift.size;
  const pixels = x.size / channels;
  let sums = emptySum<tf.Rank.R1>([channels]);
  let products = emptySum<tf.Rank.R2>([channels, channels]);
  for (const chunk of chunks) {
    const { sum, product } = tf.tidy(() => {
      const part = shiftedChunk(x, chunk, shift);
      return { sum: tf.sum<tf.Tensor1D>(part, [0, 1, 2]), product: crossProduct(part, part) };
    });
    sums = addTerm(sums, sum);
    products = addTerm(products, product);
  }
  const rest = tf.div<tf.Tensor1D>(sums.sum, pixels);
  const square = tf.outerProduct(rest, rest);
  return { rest, covariance: tf.sub(tf.div(products.sum, pixels), square) };
}

/**
 * The columns whose variance is small beside `sqrt(sum_ij (w_i S_ij w_j)^2)`, by which its rounding goes (S, the
 * input's covariance).
 */
function cancelledColumns(
  inputCovariance: tf.Tensor2D,
  matrix: tf.Tensor2D,
  variance: tf.Tensor1D,
  epsilon: number,
): readonly number[] {
  const cancelled = tf.tidy(() => {
    const squares = tf.square(matrix);
    const terms = tf.sum(tf.mul(squares, tf.matMul(tf.square(inputCovariance), squares)), 0);
    return tf.greater(tf.sqrt(terms), tf.mul(tf.add(variance, epsilon), largestCancellation)).dataSync();
  });
  return [...cancelled.keys()].filter((column) => cancelled[column] === 1);
}

/** Up to here a variance has lost at most 6 of float32's 24 bits to cancellation: 4e-6 of itself. */
const largestCancellation = 64;

/** Variance `[1, out]` of `(x - shift) matrix`, and its covariance with x `[in, out]`, from the expanded map. */
function mapMoments(
  x: tf.Tensor4D,
  matrix: tf.Tensor2D,
  shift: tf.Tensor1D,
  rest: tf.Tensor1D,
  chunks: readonly ImageChunk[],
  { crossProduct }: ExpansionBackend,
): { readonly variance: tf.Tensor2D; readonly covariance: tf.Tensor2D } {
  const [channels, out] = matrix.shape;
  let sums = emptySum<tf.Rank.R2>([1, out]);
  let squares = emptySum<tf.Rank.R2>([1, out]);
  let products = emptySum<tf.Rank.R2>([channels, out]);
  for (const chunk of chunks) {
    const { sum, square, product } = tf.tidy(() => {
      const part = shiftedChunk(x, chunk, shift);
      const y = multiplyPixels(part, matrix);
      return {
        sum: tf.reshape<tf.Rank.R2>(tf.sum(y, [0, 1, 2]), [1, out]),
        square: tf.reshape<tf.Rank.R2>(tf.sum(tf.square(y), [0, 1, 2]), [1, out]),
        product: crossProduct(part, y),
      };
    });
    sums = addTerm(sums, sum);
    squares = addTerm(squares, square);
    products = addTerm(products, product);
  }
  const pixels = x.size / channels;
  const mean = tf.div<tf.Tensor2D>(sums.sum, pixels);
  return {
    variance: tf.relu(tf.sub(tf.div(squares.sum, pixels), tf.square(mean))),
    covariance: tf.sub(tf.div(products.sum, pixels), tf.mul(tf.reshape(rest, [channels, 1]), mean)),
  };
}

function replaceColumns(
  matrix: tf.Tensor2D,
  columns: readonly number[],
  replacements: tf.Tensor2D,
): tf.Tensor2D {
  // Cast: asked for float32 itself, the wasm backend's oneHot writes other values.
  const places = tf.tidy(() =>
    tf.cast(tf.oneHot(tf.tensor1d([...columns], "int32"), matrix.shape[1]), "float32"),
  );
  const kept = tf.mul(matrix, tf.sub(1, tf.sum(places, 0)));
  return tf.add(kept, tf.matMul(replacements, places as tf.Tensor2D));
}
