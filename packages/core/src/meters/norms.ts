import type { TensorMap } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** The L2 norm of all values of all tensors (borrowed) together. */
export function normOf(tensors: TensorMap): number {
  return rootOfSum(() => Object.values(tensors).map((tensor) => tf.sum(tf.square(tensor))));
}

/** The L2 norm of `after - before` over all tensors (borrowed); both have the same names. */
export function normOfChange(before: TensorMap, after: TensorMap): number {
  return rootOfSum(() =>
    Object.entries(after).map(([name, tensor]) =>
      tf.sum(tf.squaredDifference(tensor, before[name] as tf.Tensor)),
    ),
  );
}

function rootOfSum(squares: () => readonly tf.Tensor[]): number {
  const root = tf.tidy(() => tf.sqrt(tf.addN([tf.scalar(0), ...squares()])).arraySync());
  return root as number;
}
