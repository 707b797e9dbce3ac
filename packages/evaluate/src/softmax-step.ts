import * as tf from "@tensorflow/tfjs-core";

/** What one step of softmax regression works on. All tensors are borrowed. */
export interface SoftmaxStepInput {
  /** `[classCount, dim + 1]`, the bias in the last column. */
  readonly weights: tf.Tensor2D;
  /** Of the weights' shape. */
  readonly velocity: tf.Tensor2D;
  /** `[batch, dim + 1]`, ones in the last column. */
  readonly rows: tf.Tensor2D;
  /** `[batch, classCount]`, one-hot. */
  readonly targets: tf.Tensor2D;
}

/** The rates of one step; all per batch. */
export interface SoftmaxStepOptions {
  readonly learningRate: number;
  readonly momentum: number;
  /** On weights and bias alike. */
  readonly weightDecay: number;
}

/**
 * One step of stochastic gradient descent with momentum on the mean cross-entropy, as PyTorch's `SGD` and
 * `CrossEntropyLoss`.
 *
 * ```text
 * g = (softmax(x W^T) - onehot)^T x / batch + weightDecay * W
 * v <- momentum * v + g;  W <- W - learningRate * v
 * ```
 *
 * @returns the logits before the step, `[batch, classCount]`, and the new weights and velocity; the caller's
 */
export function softmaxStep(
  { weights, velocity, rows, targets }: SoftmaxStepInput,
  { learningRate, momentum, weightDecay }: SoftmaxStepOptions,
): { readonly logits: tf.Tensor2D; readonly weights: tf.Tensor2D; readonly velocity: tf.Tensor2D } {
  const [logits, nextWeights, nextVelocity] = tf.tidy(() => {
    const logits = tf.matMul(rows, tf.transpose(weights)) as tf.Tensor2D;
    const residual = tf.sub(tf.softmax(logits), targets) as tf.Tensor2D;
    const gradient = tf.div(tf.matMul(tf.transpose(residual), rows), rows.shape[0]);
    const decayed = tf.add(gradient, tf.mul(weights, weightDecay));
    const moved = tf.add(tf.mul(velocity, momentum), decayed);
    return [
      logits,
      tf.sub(weights, tf.mul(moved, learningRate)) as tf.Tensor2D,
      moved as tf.Tensor2D,
    ] as const;
  });
  return { logits, weights: nextWeights, velocity: nextVelocity };
}
