import type {
  BatchExchangeV1,
  BatchNormTrainOptions,
  BatchNormTrainResult,
  OperationsV1,
} from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import {
  type BatchNormBackend,
  type BatchNormInput,
  batchNormOperations,
  type SplitBatchNormBackend,
} from "./batch-norm.js";

/**
 * Operations for a thread that has a part of the batch, by an engine's kernels: what a batch norm sums up over its part
 * goes through the exchange before it is used. An expansion holds its part of the map whole.
 */
export function synchronisedOperations(
  backend: SplitBatchNormBackend,
  { conv2d }: Pick<OperationsV1, "conv2d">,
  exchange: BatchExchangeV1,
): Pick<OperationsV1, "batchNormTrain" | "expandAndPoolTrain"> {
  const norms = batchNormOperations(synchronisedBackend(backend, exchange));
  const batchNormTrain = (x: tf.Tensor, options: BatchNormTrainOptions): BatchNormTrainResult => {
    const result = norms.batchNormTrain(x, options);
    return { ...result, count: wholeCount(x, exchange) };
  };
  return {
    batchNormTrain,
    expandAndPoolTrain(x, filter, { chunkBytes: _, ...norm }) {
      const map = conv2d(x, filter, { stride: 1, padding: 0 });
      const result = batchNormTrain(map, { ...norm, activation: "relu", pool: "globalAverage" });
      // With gradients, the tape keeps what it needs of it.
      map.dispose();
      return result;
    },
  };
}

function synchronisedBackend(backend: SplitBatchNormBackend, exchange: BatchExchangeV1): BatchNormBackend {
  return {
    statistics(x) {
      const own = backend.statistics(x);
      const whole = wholeStatistics(joined(own.mean, own.variance), exchange);
      tf.dispose([own.mean, own.variance]);
      return whole;
    },
    normalize: (input) => backend.normalize(input),
    gradients(input, dy, batchStatistics) {
      if (!batchStatistics) return backend.gradients(input, dy, false);
      const own = backend.gradientSums(input, dy);
      const sums = exchange.sum(joined(own.scale, own.offset));
      const [slope, level] = meanAndVarianceGradients(input, sums, wholeCount(input.x, exchange));
      const x = backend.inputGradient(input, own.residual ?? dy, slope, level);
      tf.dispose([slope, level]);
      return { ...own, x };
    },
  };
}

function wholeCount(x: tf.Tensor, exchange: BatchExchangeV1): number {
  return (exchange.count * x.size) / (x.shape.at(-1) ?? 1);
}

/**
 * Of the whole batch: `mean m` and `mean v + mean (m - mean m)^2` for the parts' means `m` and biased variances `v`, which are taken
 * about each part's own mean and lose nothing to it.
 */
function wholeStatistics(
  own: Float32Array,
  exchange: BatchExchangeV1,
): { readonly mean: tf.Tensor1D; readonly variance: tf.Tensor1D } {
  const all = exchange.gather(own);
  const channels = own.length / 2;
  const average = (of: (place: number) => number): number => {
    let sum = 0;
    for (let place = 0; place < all.length; place += own.length) sum += of(place);
    return sum / exchange.count;
  };
  const mean = new Float32Array(channels);
  const variance = new Float32Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    const at = (place: number): number => all[place + channel] ?? Number.NaN;
    const middle = average(at);
    mean[channel] = middle;
    variance[channel] = average((place) => at(place + channels) + (at(place) - middle) ** 2);
  }
  return { mean: tf.tensor1d(mean), variance: tf.tensor1d(variance) };
}

/**
 * What mean and variance add to the gradient of x, by `(x - mean) slope + level`:
 * `slope = -scale dscale / (count (variance + epsilon))`, `level = -scale doffset / (count sqrt(variance + epsilon))`.
 *
 * @param sums Gradients of scale and offset over the whole batch.
 */
function meanAndVarianceGradients(
  { scale, variance, epsilon }: BatchNormInput,
  sums: Float32Array,
  count: number,
): [slope: tf.Tensor1D, level: tf.Tensor1D] {
  const spreads = variance.dataSync<"float32">();
  const gains = scale?.dataSync<"float32">();
  const channels = spreads.length;
  const each = (of: (channel: number, spread: number) => number): tf.Tensor1D =>
    tf.tensor1d(
      spreads.map((value, channel) => (-(gains?.[channel] ?? 1) * of(channel, value + epsilon)) / count),
    );
  return [
    each((channel, spread) => (sums[channel] ?? Number.NaN) / spread),
    each((channel, spread) => (sums[channels + channel] ?? Number.NaN) / Math.sqrt(spread)),
  ];
}

function joined(first: tf.Tensor, second: tf.Tensor): Float32Array {
  const both = new Float32Array(first.size + second.size);
  both.set(first.dataSync<"float32">());
  both.set(second.dataSync<"float32">(), first.size);
  return both;
}
