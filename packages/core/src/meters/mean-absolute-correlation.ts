import * as tf from "@tensorflow/tfjs-core";

/** So many columns of the correlation matrix at a time: for 8192 dimensions, 32 MiB. */
const columnsAtATime = 1024;

/** A dimension whose deviation is below this part of its values' size is constant, up to rounding. */
const constantShare = 1e-5;

/**
 * How much an embedding's dimensions say the same: the mean over all pairs of different dimensions of `|corr|`, from 0
 * (no two have anything in common) to 1 (all rise and fall together).
 *
 * A dimension that is constant correlates with none. Few samples correlate by chance: for independent dimensions
 * about `sqrt(2 / (pi batch))` is expected.
 *
 * @param embedding `[batch, dim]`, borrowed.
 */
export function meanAbsoluteCorrelation(embedding: tf.Tensor2D): number {
  const [batch, dim] = embedding.shape;
  if (dim < 2) return 0;
  const sums = tf.tidy(() => {
    const centred = tf.sub(embedding, tf.mean(embedding, 0, true));
    const variance = tf.mean(tf.square(centred), 0, true);
    const size = tf.mean(tf.square(embedding), 0, true);
    const varies = tf.greater(variance, tf.mul(size, constantShare ** 2));
    const scale = tf.where(varies, tf.rsqrt(tf.maximum(variance, 1e-37)), tf.zerosLike(variance));
    const standard = tf.mul(centred, scale) as tf.Tensor2D;
    const all = Array.from({ length: Math.ceil(dim / columnsAtATime) }, (_, part) => {
      const start = part * columnsAtATime;
      const width = Math.min(columnsAtATime, dim - start);
      return tf.tidy(() => {
        const columns = tf.slice2d(standard, [0, start], [batch, width]);
        return tf.sum(tf.abs(tf.div(tf.matMul(standard, columns, true), batch)));
      });
    });
    const diagonal = tf.sum(tf.mean(tf.square(standard), 0));
    return tf.sub(tf.addN(all), diagonal).arraySync() as number;
  });
  return Math.min(1, Math.max(0, sums / (dim * (dim - 1))));
}
