import type { BatchNormTrainOptions, BatchNormTrainResult, OperationsV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { BatchPart } from "./batch-part.js";

/**
 * An engine's operations for a thread that has a part of the batch: batch norms take the statistics of the whole batch,
 * and their gradients those of the whole too. Gradients of gains and shifts are those of the part. Other operations are the
 * engine's own, and so are these where it has them; else they are composed, and expansions hold their map whole.
 *
 * @param part Null for a thread that has whole batches: the engine's operations.
 */
export function synchronisedOperations(operations: OperationsV1, part: BatchPart | null): OperationsV1 {
  if (part === null) return operations;
  const { parameterUpdates, moveStatistics } = operations;
  return {
    ...(parameterUpdates === undefined ? {} : { parameterUpdates }),
    ...(moveStatistics === undefined ? {} : { moveStatistics }),
    conv2d: (x, filter, options) => operations.conv2d(x, filter, options),
    maxPool: (x, options) => operations.maxPool(x, options),
    batchNormEvaluate: (x, options) => operations.batchNormEvaluate(x, options),
    expandAndPoolEvaluate: (x, filter, options) => operations.expandAndPoolEvaluate(x, filter, options),
    ...(operations.synchronised?.(part) ?? composedOperations(operations, part)),
  };
}

function composedOperations(
  operations: OperationsV1,
  part: BatchPart,
): ReturnType<NonNullable<OperationsV1["synchronised"]>> {
  const batchNormTrain = (x: tf.Tensor, options: BatchNormTrainOptions): BatchNormTrainResult =>
    normalise(x, options, operations, part);
  return {
    batchNormTrain,
    expandAndPoolTrain: (x, filter, { chunkBytes: _, ...norm }) => {
      const map = operations.conv2d(x, filter, { stride: 1, padding: 0 });
      const result = batchNormTrain(map, { ...norm, activation: "relu", pool: "globalAverage" });
      // With gradients, the tape keeps what it needs of it.
      map.dispose();
      return result;
    },
  };
}

interface Statistics {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/**
 * A norm by given statistics, through which the engine passes gradients as if they were constants, behind two nodes that
 * add what they miss. Both do nothing but look at gradients: that of the shift, `sum g`, and then that of the gain,
 * `sum g n` for the normalised `n`, come by before anything reaches `x`. Over the whole batch of N values a channel, `x`
 * lacks `- gain / sqrt(variance + epsilon) * (sum g + n sum g n) / N`, which is a norm by the same statistics again.
 */
function normalise(
  x: tf.Tensor,
  options: BatchNormTrainOptions,
  operations: OperationsV1,
  part: BatchPart,
): BatchNormTrainResult {
  const { epsilon } = options;
  const channels = x.shape.at(-1) ?? 0;
  const count = (part.count * x.size) / channels;
  let statistics: Statistics = { mean: new Float32Array(0), variance: new Float32Array(0) };
  let offsetGradient = new Float32Array(0);

  const watchGain = tf.customGrad((input, gain, save) => {
    const [own, scale] = [input as tf.Tensor, gain as tf.Tensor1D];
    statistics = wholeStatistics(own, epsilon, operations, part);
    (save as tf.GradSaveFunc)([own, scale]);
    return {
      value: tf.clone(scale),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [values, gains] = saved as [tf.Tensor, tf.Tensor1D];
        const lacking = lackingGradient(gains, {
          ...statistics,
          epsilon,
          count,
          sums: part.sum(joined(offsetGradient, dy.dataSync<"float32">())),
        });
        const correction = tf.tidy(() =>
          operations.batchNormEvaluate(values, {
            mean: tf.tensor1d(statistics.mean),
            variance: tf.tensor1d(statistics.variance),
            scale: tf.tensor1d(lacking.scale),
            offset: tf.tensor1d(lacking.offset),
            epsilon,
          }),
        );
        return [correction, tf.clone(dy)];
      },
    };
  });
  // It takes the gain too, to be on the way of every gradient that the gain is on.
  const watchShift = tf.customGrad((_gain, shift) => ({
    value: tf.clone(shift as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => {
      offsetGradient = dy.dataSync<"float32">().slice();
      return [tf.zeros([channels]), tf.clone(dy)];
    },
  }));
  return tf.tidy(() => {
    const scale = watchGain(x, options.scale ?? tf.ones([channels])) as tf.Tensor1D;
    const offset = watchShift(scale, options.offset ?? tf.zeros([channels])) as tf.Tensor1D;
    const mean = tf.tensor1d(statistics.mean);
    const variance = tf.tensor1d(statistics.variance);
    const output = operations.batchNormEvaluate(x, { ...options, scale, offset, mean, variance });
    // The tidy's type asks for tensors only; a number passes through it.
    return { output, mean, variance, count } as unknown as BatchNormTrainResult & tf.NamedTensorMap;
  });
}

/** Mean and biased variance a channel over all parts; each part's own are taken about its own mean, and lose nothing to it. */
function wholeStatistics(
  x: tf.Tensor,
  epsilon: number,
  operations: OperationsV1,
  part: BatchPart,
): Statistics {
  const own = tf.tidy(() => {
    const { mean, variance } = operations.batchNormTrain(x, { scale: null, offset: null, epsilon });
    return joined(mean.dataSync<"float32">(), variance.dataSync<"float32">());
  });
  const channels = own.length / 2;
  const all = part.gather(own);
  const mean = new Float32Array(channels);
  const variance = new Float32Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    const [means, variances] = [0, channels].map((offset) =>
      Array.from({ length: part.count }, (_, index) => all[index * own.length + offset + channel] ?? 0),
    ) as [number[], number[]];
    const middle = average(means);
    mean[channel] = middle;
    variance[channel] = average(variances) + average(means.map((value) => (value - middle) ** 2));
  }
  return { mean, variance };
}

/** Gain and shift of the norm that gives what the gradient lacks. @param of.sums Those of `g`, then those of `g n`. */
function lackingGradient(
  gain: tf.Tensor1D,
  of: Statistics & { readonly epsilon: number; readonly count: number; readonly sums: Float32Array },
): { readonly scale: Float32Array; readonly offset: Float32Array } {
  const channels = of.variance.length;
  const factors = gain
    .dataSync<"float32">()
    .map((value, channel) => -value / (Math.sqrt((of.variance[channel] ?? 0) + of.epsilon) * of.count));
  const times = (offset: number): Float32Array =>
    factors.map((factor, channel) => factor * (of.sums[offset + channel] ?? 0));
  return { offset: times(0), scale: times(channels) };
}

function joined(first: Float32Array, second: Float32Array): Float32Array {
  const both = new Float32Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
