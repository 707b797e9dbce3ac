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
      const [batch] = x.shape;
      const out = filter.shape[3];
      const { output, mean, variance } = tf.tidy(() => {
        const rows = differentiate(x, filter, options, backend, (tensors, chunks) =>
          expansionStatistics(tensors, chunks, options.epsilon, backend),
        );
        const row = (index: number): tf.Tensor1D => tf.reshape(tf.slice(rows, batch + index, 1), [out]);
        return { output: tf.slice(rows, 0, batch), mean: row(0), variance: row(1) };
      });
      return { output, mean, variance };
    },

    expandAndPoolEvaluate(x, filter, options) {
      const { mean, variance } = options;
      checkExpansion(x, filter, options, [mean, variance]);
      return tf.tidy(() => {
        const rows = differentiate(x, filter, options, backend, () => ({ mean, variance, batch: null }));
        return tf.slice(rows, 0, x.shape[0]);
      });
    },
  };
}

/** The tensors that gradients flow to, with the filter as a matrix. */
type ExpansionTensors = Pick<ExpansionInput, "matrix" | "offset" | "scale" | "x">;

/**
 * Pooled features and, behind them, mean and variance of the expanded map as two more rows, `[batch + 2, out]`: in one
 * tensor, because of what an operation computes on its way the tape keeps nothing but what is saved. Gradients flow from
 * the features only.
 */
function differentiate(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  { scale, offset, epsilon, chunkBytes }: ExpandAndPoolTrainOptions,
  backend: ExpansionBackend,
  statisticsOf: (tensors: ExpansionTensors, chunks: readonly ImageChunk[]) => ExpansionStatistics,
): tf.Tensor2D {
  const [, , channels, out] = filter.shape;
  const chunks = imageChunks(x, out, chunkBytes);
  const unpack = (tensors: readonly tf.Tensor[]): ExpansionTensors => ({
    x: tensors[0] as tf.Tensor4D,
    matrix: tf.reshape(tensors[1] as tf.Tensor4D, [channels, out]),
    scale: scale === null ? null : (tensors[2] as tf.Tensor1D),
    offset: offset === null ? null : (tensors.at(-1) as tf.Tensor1D),
  });
  const inputs = [x, filter, ...[scale, offset].filter((tensor) => tensor !== null)];
  const operation = tf.customGrad((...parameters) => {
    const save = parameters.pop() as tf.GradSaveFunc;
    const tensors = unpack(parameters as tf.Tensor[]);
    const statistics = statisticsOf(tensors, chunks);
    save([...(parameters as tf.Tensor[]), ...listStatistics(statistics)]);
    const features = pooledFeatures({ ...tensors, ...statistics, epsilon }, chunks, backend);
    const { mean, variance } = mapStatistics(statistics, tensors.matrix);
    return {
      value: tf.concat<tf.Tensor2D>([features, tf.reshape(mean, [1, out]), tf.reshape(variance, [1, out])]),
      gradFunc: (dy: tf.Tensor2D, saved: tf.Tensor[]) =>
        tf.tidy(() => {
          const input = {
            ...unpack(saved.slice(0, inputs.length)),
            ...readStatistics(saved.slice(inputs.length)),
            epsilon,
          };
          const gradients = expansionGradients(input, tf.slice(dy, 0, x.shape[0]), chunks, backend);
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

/** Those of the expanded map itself: with what was taken from the input before put back. */
function mapStatistics(
  { mean, variance, batch }: ExpansionStatistics,
  matrix: tf.Tensor2D,
): Pick<ExpansionStatistics, "mean" | "variance"> {
  if (batch === null) return { mean, variance };
  const taken = tf.matMul(tf.reshape(batch.shift, [1, batch.shift.size]), matrix);
  return { mean: tf.add(tf.reshape(taken, [mean.size]), mean), variance };
}

function listStatistics({ mean, variance, batch }: ExpansionStatistics): tf.Tensor[] {
  return [mean, variance, ...(batch === null ? [] : [batch.shift, batch.rest, batch.covariance])];
}

function readStatistics(tensors: readonly tf.Tensor[]): ExpansionStatistics {
  const [mean, variance, shift, rest, covariance] = tensors as readonly [
    tf.Tensor1D,
    tf.Tensor1D,
    tf.Tensor1D?,
    tf.Tensor1D?,
    tf.Tensor2D?,
  ];
  const known = shift !== undefined && rest !== undefined && covariance !== undefined;
  return { mean, variance, batch: known ? { shift, rest, covariance } : null };
}
