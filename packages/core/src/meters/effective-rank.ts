import * as tf from "@tensorflow/tfjs-core";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";

/** The most samples that the rank is taken of: the eigenvalues' cost grows with the cube of their number. */
export const rankSampleLimit = 256;

/**
 * The effective rank of a matrix of embeddings (RankMe): over how many directions its rows are spread.
 *
 * ```text
 * p_i = sigma_i / sum_j sigma_j          sigma: singular values of the embedding, not centred
 * rank = exp(-sum_i p_i log p_i)
 * ```
 *
 * Between 1 (all rows on one line) and `min(samples, dim)`. The singular values are the roots of the eigenvalues of the
 * smaller Gram matrix, in double precision. Of more than 256 samples the first 256 count: batches are shuffled.
 *
 * Differs from the paper: no 1e-7 is added to `p_i`, as `0 log 0` is 0; a matrix of zeros has rank 1; and one batch is
 * looked at, where the paper takes 25,600 samples, so that the number is at most the batch's size.
 *
 * @param embedding `[batch, dim]`, borrowed; NaN where it is not finite.
 * @see Garrido, Balestriero, Najman, LeCun, "RankMe: Assessing the Downstream Performance of Pretrained Self-Supervised
 * Representations by Their Rank", 2023, arXiv 2210.02885, equations 1 and 2.
 */
export function effectiveRank(embedding: tf.Tensor2D): number {
  const [batch, dim] = embedding.shape;
  const samples = Math.min(batch, rankSampleLimit);
  const rows = tf.tidy(() => tf.slice2d(embedding, [0, 0], [samples, dim]).arraySync());
  // A loss that does not look at its embedding may be finite where that is not.
  if (!rows.every((row) => row.every(Number.isFinite))) return Number.NaN;
  const matrix = new Matrix(rows);
  const gram = samples <= dim ? matrix.mmul(matrix.transpose()) : matrix.transpose().mmul(matrix);
  const { realEigenvalues } = new EigenvalueDecomposition(gram, { assumeSymmetric: true });
  const singular = realEigenvalues.map((value) => Math.sqrt(Math.max(value, 0)));
  const sum = singular.reduce((total, value) => total + value, 0);
  const entropy = singular.reduce((total, value) => {
    const share = value / sum;
    return share > 0 ? total - share * Math.log(share) : total;
  }, 0);
  return Math.exp(entropy);
}
