import { fillNormal, fold, permutation, type RandomKey } from "@blockwise/random";
import type { FeatureTable } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { Standardization } from "./standardization.js";

/** How softmax regression is fitted; all rates per batch. */
export interface SoftmaxRegressionOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly initialDeviation: number;
}

/** What softmax regression is fitted to. */
export interface SoftmaxRegressionInput {
  readonly train: FeatureTable;
  readonly standardization: Standardization;
  readonly classCount: number;
  readonly key: RandomKey;
}

/**
 * Fits `softmax(W x + b)` to the labels by stochastic gradient descent with momentum on the cross-entropy.
 *
 * One batch at a time is on the engine, whatever the size of the table. The bias is the weight of a column of ones,
 * so that a step is two matrix products and a dozen small kernels:
 *
 * ```text
 * g = (softmax(x W^T) - onehot)^T x / batch + weightDecay * W
 * v <- momentum * v + g;  W <- W - learningRate * (1 + cos(pi * epoch / epochs)) / 2 * v
 * ```
 *
 * @returns weights `[classCount, dim + 1]` after the last epoch, the bias in the last column; the caller's
 */
export async function fitSoftmaxRegression(
  input: SoftmaxRegressionInput,
  options: SoftmaxRegressionOptions,
): Promise<tf.Tensor2D> {
  const { train, classCount, key } = input;
  const { epochs, batchSize, momentum, weightDecay } = options;
  const rows = train.labels.length;
  let weights = initialWeights(input, options.initialDeviation);
  let velocity = tf.zerosLike(weights);
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const rate = options.learningRate * 0.5 * (1 + Math.cos((Math.PI * epoch) / epochs));
      const order = permutation(fold(key, "order", epoch), rows);
      for (let start = 0; start < rows; start += batchSize) {
        const batch = order.subarray(start, start + batchSize);
        const [nextWeights, nextVelocity] = tf.tidy(() => {
          const x = standardizedRows(train, input.standardization, batch);
          const logits = tf.matMul(x, tf.transpose(weights));
          const residual = tf.sub(tf.softmax(logits), oneHotRows(train.labels, classCount, batch));
          const gradient = tf.div(tf.matMul(tf.transpose(residual), x), batch.length);
          const decayed = tf.add(gradient, tf.mul(weights, weightDecay));
          const moved = tf.add(tf.mul(velocity, momentum), decayed);
          return [tf.sub(weights, tf.mul(moved, rate)) as tf.Tensor2D, moved as tf.Tensor2D] as const;
        });
        tf.dispose([weights, velocity]);
        weights = nextWeights;
        velocity = nextVelocity;
      }
      // Gives interrupts and progress a turn.
      await tf.nextFrame();
    }
  } catch (error) {
    weights.dispose();
    throw error;
  } finally {
    velocity.dispose();
  }
  return weights;
}

/** How many rows of a table the weights (borrowed) put into their own class; the lowest class wins a tie. */
export async function countCorrect(
  weights: tf.Tensor2D,
  table: FeatureTable,
  standardization: Standardization,
  batchSize: number,
): Promise<number> {
  let correct = 0;
  for (let start = 0; start < table.labels.length; start += batchSize) {
    const labels = table.labels.subarray(start, start + batchSize);
    const rows = Uint32Array.from(labels, (_, index) => start + index);
    const guesses = tf.tidy(() =>
      tf.argMax(tf.matMul(standardizedRows(table, standardization, rows), tf.transpose(weights)), 1),
    );
    const values = await guesses.data();
    guesses.dispose();
    for (const [index, label] of labels.entries()) correct += values[index] === label ? 1 : 0;
  }
  return correct;
}

function initialWeights({ train, classCount, key }: SoftmaxRegressionInput, deviation: number): tf.Tensor2D {
  const { dim } = train;
  const noise = new Float32Array(classCount * dim);
  fillNormal(fold(key, "weight"), noise);
  const values = new Float32Array(classCount * (dim + 1));
  for (let row = 0; row < classCount; row++) {
    for (let column = 0; column < dim; column++) {
      values[row * (dim + 1) + column] = deviation * (noise[row * dim + column] as number);
    }
  }
  return tf.tensor2d(values, [classCount, dim + 1]);
}

/** Rows of the table, standardised, with a column of ones behind: `[rows, dim + 1]`. */
function standardizedRows(
  { features, dim }: FeatureTable,
  { mean, scale }: Standardization,
  rows: Uint32Array,
): tf.Tensor2D {
  const values = new Float32Array(rows.length * (dim + 1));
  let out = 0;
  for (let index = 0; index < rows.length; index++) {
    const from = (rows[index] as number) * dim;
    for (let column = 0; column < dim; column++) {
      values[out++] =
        ((features[from + column] as number) - (mean[column] as number)) * (scale[column] as number);
    }
    values[out++] = 1;
  }
  return tf.tensor2d(values, [rows.length, dim + 1]);
}

function oneHotRows(labels: Int32Array, classCount: number, rows: Uint32Array): tf.Tensor2D {
  const values = new Float32Array(rows.length * classCount);
  for (let index = 0; index < rows.length; index++) {
    values[index * classCount + (labels[rows[index] as number] as number)] = 1;
  }
  return tf.tensor2d(values, [rows.length, classCount]);
}
