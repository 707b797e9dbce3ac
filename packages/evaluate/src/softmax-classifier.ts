import { fillNormal, fold, type RandomKey } from "@blockwise/random";
import { type FeatureTable, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { checkCount, checkNotNegative } from "./check-options.js";
import { softmaxStep } from "./softmax-step.js";
import { standardizationOf } from "./standardization.js";

/** Options of {@link softmaxClassifier}. */
export interface SoftmaxClassifierOptions {
  /** Width of the features. */
  readonly dim: number;
  /** How many classes the labels have. */
  readonly classCount: number;
  /** Keys the weights' start. */
  readonly key: RandomKey;
  /** From 0 up to 1. @default 0.9 */
  readonly momentum?: number;
  /** On weights and bias alike. @default 1e-6 */
  readonly weightDecay?: number;
  /** The weights begin as N(0, this squared), the bias as 0. @default 0.01 */
  readonly initialDeviation?: number;
  /**
   * Brings each dimension to the mean 0 and the deviation 1 that it has in this table, borrowed; one that is constant there
   * is left out. @default null
   */
  readonly standardizeBy?: Omit<FeatureTable, "labels"> | null;
}

/** What a classifier keeps between steps: `[classCount, dim + 1]` each, row by row, the bias in the last column. */
export interface SoftmaxClassifierState {
  /** Those that scores are computed with. */
  readonly weights: Float32Array;
  /** The momentum's running sum of gradients. */
  readonly velocity: Float32Array;
}

/** A linear classifier that learns a batch at a time. */
export interface SoftmaxClassifier {
  /** Width of the features. */
  readonly dim: number;
  /** How many classes the labels have. */
  readonly classCount: number;
  /**
   * One step on the mean cross-entropy of `features` (`[batch, dim]`) and `labels` (int32 `[batch]`), both borrowed.
   *
   * @returns the logits before the step, `[batch, classCount]`, the caller's
   * @throws ShapeMismatchError
   */
  learn(features: tf.Tensor2D, labels: tf.Tensor1D, learningRate: number): tf.Tensor2D;
  /** `[batch, classCount]`, the caller's, of features `[batch, dim]`, borrowed. @throws ShapeMismatchError */
  logits(features: tf.Tensor2D): tf.Tensor2D;
  /** Copies out what it keeps. */
  state(): Promise<SoftmaxClassifierState>;
  /** Takes over a state that `state` gave. @throws ShapeMismatchError */
  restore(state: SoftmaxClassifierState): void;
  /** Frees its tensors. */
  dispose(): void;
}

/**
 * A linear classifier for features that come batch by batch: on augmented images, or while a network trains. The gradient
 * ends at the features.
 *
 * ```text
 * g = (softmax(x W^T + b) - onehot)^T [x, 1] / batch + weightDecay * [W, b]
 * v <- momentum * v + g;  [W, b] <- [W, b] - learningRate * v
 * ```
 *
 * The caller sets the learning rate of each step, and so the schedule. As PyTorch's `Linear`, `CrossEntropyLoss` and
 * `SGD`.
 *
 * @throws InvalidOptionError for an option out of its range
 * @example
 * const classifier = softmaxClassifier({ dim: 128, classCount: 10, key: rootKey(0) });
 * classifier.learn(features, labels, 0.1).dispose();
 * @see Siddiqui, Krueger, LeCun, Deny: Blockwise self-supervised learning at scale, 2024, arXiv 2302.01647:
 *   `evaluate.py` of blockwise_ssl has these defaults
 */
export function softmaxClassifier(options: SoftmaxClassifierOptions): SoftmaxClassifier {
  const { dim, classCount, key, momentum = 0.9, weightDecay = 1e-6, initialDeviation = 0.01 } = options;
  const { standardizeBy = null } = options;
  checkCount("dim", dim);
  checkCount("classCount", classCount);
  checkNotNegative("momentum", momentum);
  checkNotNegative("weightDecay", weightDecay);
  checkNotNegative("initialDeviation", initialDeviation);
  const standardization = standardizeBy === null ? null : makeStandardization(standardizeBy, dim);
  const rowsOf = (features: tf.Tensor2D): tf.Tensor2D => withOnes(features, standardization);
  const shape: [number, number] = [classCount, dim + 1];
  let weights = tf.keep(tf.tensor2d(initialWeights(dim, classCount, key, initialDeviation), shape));
  let velocity = tf.keep(tf.zerosLike(weights));
  const replace = (nextWeights: tf.Tensor2D, nextVelocity: tf.Tensor2D): void => {
    tf.dispose([weights, velocity]);
    weights = tf.keep(nextWeights);
    velocity = tf.keep(nextVelocity);
  };
  return {
    dim,
    classCount,
    learn: (features, labels, learningRate) => {
      requireRows(features, dim);
      const next = tf.tidy(() => {
        const rows = rowsOf(features);
        const targets = tf.cast(tf.oneHot(labels, classCount), "float32") as tf.Tensor2D;
        const rates = { learningRate, momentum, weightDecay };
        return { ...softmaxStep({ weights, velocity, rows, targets }, rates) };
      });
      replace(next.weights, next.velocity);
      return next.logits;
    },
    logits: (features) => {
      requireRows(features, dim);
      return tf.tidy(() => tf.matMul(rowsOf(features), tf.transpose(weights)));
    },
    state: async () => ({
      weights: Float32Array.from(await weights.data()),
      velocity: Float32Array.from(await velocity.data()),
    }),
    restore: (state) => {
      for (const [name, { length }] of Object.entries(state)) {
        if (length === classCount * (dim + 1)) continue;
        throw new ShapeMismatchError({
          subject: `The classifier's ${name}`,
          expected: `${classCount * (dim + 1)} values ([${shape.join(", ")}])`,
          received: [length],
        });
      }
      replace(tf.tensor2d(state.weights.slice(), shape), tf.tensor2d(state.velocity.slice(), shape));
    },
    dispose: () =>
      tf.dispose([weights, velocity, ...(standardization ? Object.values(standardization) : [])]),
  };
}

/** `[classCount, dim + 1]`, row by row: N(0, deviation^2), and 0 in the last column. */
export function initialWeights(
  dim: number,
  classCount: number,
  key: RandomKey,
  deviation: number,
): Float32Array {
  const noise = new Float32Array(classCount * dim);
  fillNormal(fold(key, "weight"), noise);
  const values = new Float32Array(classCount * (dim + 1));
  for (let row = 0; row < classCount; row++) {
    for (let column = 0; column < dim; column++) {
      values[row * (dim + 1) + column] = deviation * (noise[row * dim + column] as number);
    }
  }
  return values;
}

/** Both `[1, dim]`. */
type TensorStandardization = Readonly<Record<"mean" | "scale", tf.Tensor>>;

function makeStandardization(table: Omit<FeatureTable, "labels">, dim: number): TensorStandardization {
  if (table.dim !== dim) {
    throw new ShapeMismatchError({
      subject: "The table to standardise by",
      expected: `[rows, ${dim}]`,
      received: [table.features.length / table.dim, table.dim],
    });
  }
  const { mean, scale } = standardizationOf(table);
  return {
    mean: tf.keep(tf.tensor2d(Float32Array.from(mean), [1, dim])),
    scale: tf.keep(tf.tensor2d(Float32Array.from(scale), [1, dim])),
  };
}

function withOnes(features: tf.Tensor2D, standardization: TensorStandardization | null): tf.Tensor2D {
  const rows =
    standardization === null
      ? features
      : tf.mul(tf.sub(features, standardization.mean), standardization.scale);
  return tf.concat([rows as tf.Tensor2D, tf.ones([features.shape[0], 1])], 1) as tf.Tensor2D;
}

function requireRows(features: tf.Tensor2D, dim: number): void {
  if (features.rank === 2 && features.shape[1] === dim) return;
  throw new ShapeMismatchError({
    subject: "The features of a classifier",
    expected: `[batch, ${dim}]`,
    received: features.shape,
  });
}
