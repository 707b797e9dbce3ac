import { fold, permutation, type RandomKey } from "@blockwise/random";
import type { FeatureTable } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { countHits, type Hits } from "./count-hits.js";
import { initialWeights } from "./softmax-classifier.js";
import { softmaxStep } from "./softmax-step.js";
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
  const start = initialWeights(train.dim, classCount, key, options.initialDeviation);
  let weights = tf.tensor2d(start, [classCount, train.dim + 1]);
  let velocity = tf.zerosLike(weights);
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const learningRate = options.learningRate * 0.5 * (1 + Math.cos((Math.PI * epoch) / epochs));
      const order = permutation(fold(key, "order", epoch), rows);
      for (let from = 0; from < rows; from += batchSize) {
        const batch = order.subarray(from, from + batchSize);
        const next = tf.tidy(() => {
          const rows = standardizedRows(train, input.standardization, batch);
          const targets = oneHotRows(train.labels, classCount, batch);
          const step = softmaxStep(
            { weights, velocity, rows, targets },
            { learningRate, momentum, weightDecay },
          );
          return { weights: step.weights, velocity: step.velocity };
        });
        tf.dispose([weights, velocity]);
        weights = next.weights;
        velocity = next.velocity;
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

/** How many rows of a table the weights (borrowed) put into their own class, or nearly. */
export async function countTableHits(
  weights: tf.Tensor2D,
  table: FeatureTable,
  standardization: Standardization,
  batchSize: number,
): Promise<Hits> {
  let first = 0;
  let firstFive = 0;
  for (let start = 0; start < table.labels.length; start += batchSize) {
    const labels = table.labels.subarray(start, start + batchSize);
    const rows = Uint32Array.from(labels, (_, index) => start + index);
    const logits = tf.tidy(() =>
      tf.matMul(standardizedRows(table, standardization, rows), tf.transpose(weights)),
    );
    const hits = countHits(await logits.data(), labels);
    logits.dispose();
    first += hits.first;
    firstFive += hits.firstFive;
  }
  return { first, firstFive };
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
