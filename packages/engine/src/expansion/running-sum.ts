import * as tf from "@tensorflow/tfjs-core";

/** A sum of tensors of one shape that grows term by term. */
export interface RunningSum<Sum extends tf.Tensor = tf.Tensor> extends tf.NamedTensorMap {
  readonly sum: Sum;
  /** What float32 dropped so far. */
  readonly lost: Sum;
}

/** A sum of nothing, the caller's. */
export function emptySum<Rank extends tf.Rank>(shape: tf.ShapeMap[Rank]): RunningSum<tf.Tensor<Rank>> {
  return { sum: tf.zeros<Rank>(shape), lost: tf.zeros<Rank>(shape) };
}

/**
 * Adds a term with Kahan's compensation, so that the error does not grow with the number of terms. `before` and `term`
 * are consumed, the result is the caller's.
 */
export function addTerm<Sum extends tf.Tensor>(before: RunningSum<Sum>, term: Sum): RunningSum<Sum> {
  const after = tf.tidy((): RunningSum<Sum> => {
    const corrected = tf.sub(term, before.lost);
    const sum = tf.add<Sum>(before.sum, corrected);
    return { sum, lost: tf.sub(tf.sub(sum, before.sum), corrected) };
  });
  tf.dispose([before, term]);
  return after;
}
