import type { ExpandAndPoolTrainOptions, OperationsV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { checkExpansion } from "../operations/check-arguments.js";
import type { ExpansionBackend } from "./expansion-backend.js";
import { expansionGradients } from "./expansion-gradients.js";
import { type ExpansionInput, type ExpansionStatistics, expandedChunk, normOf } from "./expansion-input.js";
import { expansionStatistics } from "./expansion-statistics.js";
import { type ImageChunk, imageChunks } from "./image-chunks.js";

/** Makes differentiable operations that hold a chunk of the expanded map at a time, and no part of it for backward. */
export function expandAndPoolOperations(
  backend: ExpansionBackend,
): Pick<OperationsV1, "expandAndPoolEvaluate" | "expandAndPoolTrain"> {
  return {
    expandAndPoolTrain(x, filter, options) {
      checkExpansion(x, filter, options);
      const { output, mean, variance } = tf.tidy(() => {
        const packed = packedStatistics(x, filter, options, backend);
        const [channels, out] = [filter.shape[2], filter.shape[3]];
        const output = differentiate(x, filter, options, backend, [packed], ([saved]) =>
          unpackStatistics(saved as tf.Tensor1D, channels, out),
        );
        const matrix = tf.reshape<tf.Rank.R2>(filter, [channels, out]);
        return { output, ...mapStatistics(unpackStatistics(packed, channels, out), matrix) };
      });
      return { output, mean, variance };
    },

    expandAndPoolEvaluate(x, filter, options) {
      const statistics = [options.mean, options.variance];
      checkExpansion(x, filter, options, statistics);
      return differentiate(x, filter, options, backend, statistics, ([mean, variance]) => ({
        mean: mean as tf.Tensor1D,
        variance: variance as tf.Tensor1D,
        batch: null,
      }));
    },
  };
}

/**
 * Statistics of the batch, end to end in one tensor: an operation of its own, so that the tape keeps nothing of what they
 * are computed from. No gradient flows through it.
 */
function packedStatistics(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  { epsilon, chunkBytes }: ExpandAndPoolTrainOptions,
  backend: ExpansionBackend,
): tf.Tensor1D {
  const [, , channels, out] = filter.shape;
  const operation = tf.customGrad((...parameters) => {
    const [images, weights] = parameters as tf.Tensor[];
    const tensors = {
      x: images as tf.Tensor4D,
      matrix: tf.reshape<tf.Rank.R2>(weights as tf.Tensor4D, [channels, out]),
    };
    const { mean, variance, batch } = expansionStatistics(
      tensors,
      imageChunks(tensors.x, out, chunkBytes),
      epsilon,
      backend,
    );
    const covariance = tf.reshape<tf.Rank.R1>(batch.covariance, [channels * out]);
    return {
      value: tf.concat<tf.Tensor1D>([mean, variance, batch.shift, batch.rest, covariance]),
      gradFunc: () => [tf.zerosLike(x), tf.zerosLike(filter)],
    };
  });
  return operation(x, filter) as tf.Tensor1D;
}

function unpackStatistics(packed: tf.Tensor1D, channels: number, out: number): ExpansionStatistics {
  const [mean, variance, shift, rest, covariance] = tf.split(packed, [
    out,
    out,
    channels,
    channels,
    channels * out,
  ]) as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
  return {
    mean,
    variance,
    batch: { shift, rest, covariance: tf.reshape(covariance, [channels, out]) },
  };
}

/** Pooled features, `[batch, out]`, with statistics that are read from tensors which are kept for backward. */
function differentiate(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  { scale, offset, epsilon, chunkBytes }: ExpandAndPoolTrainOptions,
  backend: ExpansionBackend,
  kept: readonly tf.Tensor[],
  readStatistics: (kept: readonly tf.Tensor[]) => ExpansionStatistics,
): tf.Tensor2D {
  const [, , channels, out] = filter.shape;
  const chunks = imageChunks(x, out, chunkBytes);
  const inputs = [x, filter, ...[scale, offset].filter((tensor) => tensor !== null)];
  const read = (tensors: readonly tf.Tensor[]): ExpansionInput => ({
    x: tensors[0] as tf.Tensor4D,
    matrix: tf.reshape(tensors[1] as tf.Tensor4D, [channels, out]),
    scale: scale === null ? null : (tensors[2] as tf.Tensor1D),
    offset: offset === null ? null : (tensors[inputs.length - 1] as tf.Tensor1D),
    epsilon,
    ...readStatistics(tensors.slice(inputs.length)),
  });
  const operation = tf.customGrad((...parameters) => {
    const save = parameters.pop() as tf.GradSaveFunc;
    const tensors = [...(parameters as tf.Tensor[]), ...kept];
    save(tensors);
    return {
      value: pooledFeatures(read(tensors), chunks, backend),
      gradFunc: (dy: tf.Tensor2D, saved: tf.Tensor[]) =>
        tf.tidy(() => {
          const gradients = expansionGradients(read(saved), dy, chunks, backend);
          return [
            gradients.x,
            tf.reshape(gradients.matrix, filter.shape),
            ...(scale === null ? [] : [gradients.scale]),
            ...(offset === null ? [] : [gradients.offset]),
          ];
        }),
    };
  });
  return operation(...inputs) as tf.Tensor2D;
}

/** `mean_hw(relu(batchNorm(x matrix)))`, `[batch, out]`, the caller's. */
function pooledFeatures(
  input: ExpansionInput,
  chunks: readonly ImageChunk[],
  { batchNorm }: ExpansionBackend,
): tf.Tensor2D {
  return tf.tidy(() => {
    const parts = chunks.map((chunk) =>
      tf.tidy(() => batchNorm.normalize(normOf(input, expandedChunk(input, chunk))) as tf.Tensor2D),
    );
    return tf.concat(parts);
  });
}

/** Mean and variance of the expanded map itself: with what was taken from the input before put back. */
function mapStatistics(
  { mean, variance, batch }: ExpansionStatistics,
  matrix: tf.Tensor2D,
): Pick<ExpansionStatistics, "mean" | "variance"> {
  if (batch === null) return { mean, variance };
  const taken = tf.matMul(tf.reshape(batch.shift, [1, batch.shift.size]), matrix);
  return { mean: tf.add(tf.reshape(taken, [mean.size]), mean), variance };
}
