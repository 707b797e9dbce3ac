import * as tf from "@tensorflow/tfjs-core";

/**
 * Mean over dimensions of the standard deviation of the l2-normalised rows: `1 / sqrt(dim)` when spread evenly, 0 when
 * collapsed.
 *
 * @param embedding `[batch, dim]`, borrowed; without one, NaN.
 */
export function deviationOfDirections(embedding: tf.Tensor | undefined): number {
  if (embedding === undefined) return Number.NaN;
  return tf.tidy(() => {
    const norm = tf.sqrt(tf.sum(tf.square(embedding), 1, true));
    const directions = tf.div(embedding, tf.maximum(norm, 1e-12));
    return tf.mean<tf.Scalar>(tf.sqrt(tf.moments(directions, 0).variance)).arraySync();
  });
}
