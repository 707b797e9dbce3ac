import * as tf from "@tensorflow/tfjs-core";

/** The least of a batch's statistics that the running ones take over; the first ten are averaged, so that no start shows. */
const momentum = 0.1;

/** Keeps a variance of zero from dividing. */
const epsilon = 1e-5;

/** Brings features to mean 0 and deviation 1: of the batch while learning, of the batches so far while scoring. */
export interface RunningStandardization {
  /** Standardises a batch by itself, and remembers its statistics. The caller's. */
  learn(features: tf.Tensor2D): tf.Tensor2D;
  /** Standardises rows by what is remembered. The caller's. */
  apply(features: tf.Tensor2D): tf.Tensor2D;
  /** Copies out means, then variances, then how many batches there were: `2 * dim + 1` values. */
  state(): Promise<Float32Array>;
  restore(state: Float32Array): void;
  dispose(): void;
}

/** Batch normalisation without gains and shifts, of features `[batch, dim]`. */
export function runningStandardization(dim: number): RunningStandardization {
  let batches = 0;
  let running = tf.keep(tf.tensor2d([...new Array(dim).fill(0), ...new Array(dim).fill(1)], [2, dim]));
  const replace = (next: tf.Tensor2D): void => {
    running.dispose();
    running = tf.keep(next);
  };
  return {
    learn: (features) => {
      batches += 1;
      const share = Math.max(momentum, 1 / batches);
      const { rows, next } = tf.tidy(() => {
        const { mean, variance } = tf.moments(features, 0);
        const batch = tf.stack([mean, variance]);
        const moved = tf.add(tf.mul(running, 1 - share), tf.mul(batch, share)) as tf.Tensor2D;
        const rows = tf.div(tf.sub(features, mean), tf.sqrt(tf.add(variance, epsilon))) as tf.Tensor2D;
        return { rows, next: moved };
      });
      replace(next);
      return rows;
    },
    apply: (features) =>
      tf.tidy(() => {
        const [mean, variance] = tf.unstack(running) as [tf.Tensor, tf.Tensor];
        return tf.div(tf.sub(features, mean), tf.sqrt(tf.add(variance, epsilon))) as tf.Tensor2D;
      }),
    state: async () => Float32Array.of(...(await running.data()), batches),
    restore: (state) => {
      batches = state.at(-1) ?? 0;
      replace(tf.tensor2d(state.slice(0, 2 * dim), [2, dim]));
    },
    dispose: () => running.dispose(),
  };
}
