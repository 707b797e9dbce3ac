import type { Tensor, Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import type { BatchExchangeV1 } from "./batch-exchange-v1.js";
import type { ParameterUpdatesV1 } from "./parameter-updates-v1.js";
import type { RunningStatisticsUpdateV1, StatisticsV1 } from "./running-statistics-v1.js";

/** How a convolution or pooling window moves: PyTorch's `stride` and (symmetric, explicit) `padding`, in pixels. */
export interface WindowOptions {
  /** Pixels between one window and the next, both ways. */
  readonly stride: number;
  /** Pixels that are added on each of the four sides. */
  readonly padding: number;
}

/** What may be fused behind a batch norm; each part is applied in this order. */
export interface BatchNormEpilogue<Input extends Tensor = Tensor> {
  /** Added after normalisation (a residual connection), same shape as the input. Borrowed; receives its gradient. */
  readonly residual?: Input;
  /** @default "none" */
  readonly activation?: "relu" | "none";
  /** `"globalAverage"` returns the mean over height and width, `[batch, channels]`. @default "none" */
  readonly pool?: "globalAverage" | "none";
}

/** A batch norm that takes its statistics from the batch. */
export interface BatchNormTrainOptions<Input extends Tensor = Tensor> extends BatchNormEpilogue<Input> {
  /** Gain, `[channels]`; null for a norm without parameters. Borrowed. */
  readonly scale: Tensor1D | null;
  /** Shift, `[channels]`; null for a norm without parameters. Borrowed. */
  readonly offset: Tensor1D | null;
  /** Added to the variance. */
  readonly epsilon: number;
}

/** A batch norm that takes its statistics from outside. */
export interface BatchNormEvaluateOptions<Input extends Tensor = Tensor>
  extends BatchNormTrainOptions<Input> {
  /** `[channels]`. Borrowed. */
  readonly mean: Tensor1D;
  /** `[channels]`. Borrowed. */
  readonly variance: Tensor1D;
}

/** An expansion whose batch norm takes its statistics from the batch. */
export interface ExpandAndPoolTrainOptions {
  /** Gain of the norm, `[out]`; null for a norm without parameters. Borrowed. */
  readonly scale: Tensor1D | null;
  /** Shift of the norm, `[out]`; null for a norm without parameters. Borrowed. */
  readonly offset: Tensor1D | null;
  /** Added to the variance. */
  readonly epsilon: number;
  /** How much of the expanded map may be held at a time, in bytes; one image's part of it always may. */
  readonly chunkBytes: number;
}

/** An expansion whose batch norm takes its statistics from outside. */
export interface ExpandAndPoolEvaluateOptions extends ExpandAndPoolTrainOptions {
  /** `[out]`. Borrowed. */
  readonly mean: Tensor1D;
  /** `[out]`. Borrowed. */
  readonly variance: Tensor1D;
}

/** The result of a training-mode batch norm; all three belong to the caller. */
export interface BatchNormTrainResult {
  /** Normalised, and what the epilogue made of it. */
  readonly output: Tensor;
  /** Batch mean, `[channels]`; no gradient flows through it. */
  readonly mean: Tensor1D;
  /** Biased batch variance (divided by the count), `[channels]`; no gradient flows through it. */
  readonly variance: Tensor1D;
  /** Values a channel that both are of, where the input is a part of the batch. @default those of the input */
  readonly count?: number;
}

/**
 * The operations of a training step that engines do each in their own best way. All are differentiable by
 * `tf.grads` with respect to every tensor argument (statistics excepted). Inputs are borrowed: never disposed or
 * changed. Outputs belong to the caller (or to the enclosing `tf.tidy`).
 *
 * Everything else a plugin needs is plain TensorFlow.js: an engine makes sure that it is right there too.
 */
export interface OperationsV1 {
  /**
   * 2-D cross-correlation, `x [batch, height, width, in]`, `filter [kernelHeight, kernelWidth, in, out]`
   * -> `[batch, outHeight, outWidth, out]` with `outHeight = floor((height + 2 padding - kernelHeight) / stride) + 1`.
   */
  conv2d(x: Tensor4D, filter: Tensor4D, options: WindowOptions): Tensor4D;
  /** Max-pool over a square window of `size` pixels; padding counts as minus infinity, as in PyTorch. */
  maxPool(x: Tensor4D, options: WindowOptions & { readonly size: number }): Tensor4D;
  /**
   * `y = (x - mean) / sqrt(variance + epsilon) * scale + offset` with mean and biased variance over all axes but
   * the last, then the epilogue. `x` is `[batch, channels]` or `[batch, height, width, channels]`.
   */
  batchNormTrain(x: Tensor, options: BatchNormTrainOptions): BatchNormTrainResult;
  /** The same with given statistics. */
  batchNormEvaluate(x: Tensor, options: BatchNormEvaluateOptions): Tensor;

  /**
   * `mean_hw(relu(batchNorm(conv2d(x, filter))))` with the statistics of the batch, the expanded map
   * `[batch, height, width, out]` never held as a whole: not for its statistics, not for gradients. Equal to the plain
   * composition but for rounding, and slower where that one fits.
   *
   * `x [batch, height, width, in]`, `filter [1, 1, in, out]` -> output `[batch, out]`; mean and variance as of
   * `batchNormTrain`.
   */
  expandAndPoolTrain(x: Tensor4D, filter: Tensor4D, options: ExpandAndPoolTrainOptions): BatchNormTrainResult;

  /** The same with given statistics. */
  expandAndPoolEvaluate(x: Tensor4D, filter: Tensor4D, options: ExpandAndPoolEvaluateOptions): Tensor;

  /** Updates of parameters in one operation each, not differentiable; an engine without them leaves this out. */
  readonly parameterUpdates?: ParameterUpdatesV1;

  /**
   * `mean <- (1 - momentum) mean + momentum batchMean; variance <- (1 - momentum) variance + momentum correction batchVariance`
   * in one operation, as new tensors, the caller's; no gradient flows through it. An engine without it leaves this out: a
   * norm then takes an operation for each term, with the same result.
   */
  moveStatistics?(update: RunningStatisticsUpdateV1): StatisticsV1;

  /**
   * Both norms in training for a thread that has a part of the batch: mean and variance are those of the whole, and so is what
   * they pass on of a gradient; gradients of scale, offset and filter are the part's. Results have the `count` of the whole. They
   * may call the exchange in the forward and in the backward pass. Where an engine leaves this out, both are composed of its
   * other operations, in more passes over memory.
   */
  synchronised?(exchange: BatchExchangeV1): Pick<OperationsV1, "batchNormTrain" | "expandAndPoolTrain">;

  /**
   * The sum of the squares of all values of all tensors (borrowed), added up in float64; not differentiable. An engine
   * that would run more than one operation a tensor, or that works on while a call returns, leaves it out.
   */
  sumOfSquares?(tensors: readonly Tensor[]): number;
}
