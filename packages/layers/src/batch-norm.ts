import {
  type BatchNormEpilogue,
  type BatchNormTrainResult,
  type LayerContextV1,
  type LayerValueV1,
  type RunningStatisticsUpdateV1,
  ShapeMismatchError,
} from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { DescribedLayer } from "./described-layer.js";

/** What a batch norm is made from. */
export interface BatchNormOptions {
  /** torchvision's module name; parameters are `"<name>.weight"` and `"<name>.bias"`. */
  readonly name: string;
  /** Length of the last axis of what it normalises. */
  readonly channels: number;
  /** Start the gain at zero (the last norm of a residual unit with `zeroInitResidual`). @default false */
  readonly zeroInit?: boolean;
}

/** A batch norm, and what may be fused behind it. */
export interface BatchNormLayer extends DescribedLayer {
  /** As `LayerV1.describe`, with what comes behind it. */
  describe(input: LayerValueV1, options?: DescribedNorm): LayerValueV1;
  /** As `LayerV1.apply`, then the epilogue: residual, activation, pool. */
  apply(x: tf.Tensor, context: LayerContextV1, epilogue?: BatchNormEpilogue): tf.Tensor;
  /** The same with an operation that normalises on its way to something else, with this layer's statistics. */
  applyWithin(operation: NormalizingOperation, context: LayerContextV1): tf.Tensor;
}

/** How a batch norm stands among the values around it. */
export interface DescribedNorm {
  /** Axes of the input, batch among them. @default 4 */
  readonly rank?: number;
  /** What is added behind it. @default null */
  readonly residual?: LayerValueV1 | null;
  /** @default null */
  readonly activation?: "relu" | null;
}

/** Gain, shift and epsilon of a batch norm. Borrowed. */
export interface BatchNormParameters {
  /** The gain, `[channels]`. */
  readonly scale: tf.Tensor1D;
  /** The shift, `[channels]`. */
  readonly offset: tf.Tensor1D;
  /** Added to the variance before its root is taken. */
  readonly epsilon: number;
}

/** Mean and biased variance, `[channels]`. Borrowed. */
export interface BatchNormStatistics {
  /** Means, over all axes but the last. */
  readonly mean: tf.Tensor1D;
  /** Variances, divided by the count (not by one less). */
  readonly variance: tf.Tensor1D;
}

/** An operation with a batch norm in it, in its two modes. */
export interface NormalizingOperation {
  /** Shape of what is normalised, channels last. */
  readonly shape: readonly number[];
  /** Normalises by the batch's statistics, and returns them too. */
  readonly train: (parameters: BatchNormParameters) => BatchNormTrainResult;
  /** Normalises by the running statistics that it is given. */
  readonly evaluate: (parameters: BatchNormParameters & BatchNormStatistics) => tf.Tensor;
}

/** PyTorch's default: how much of a running statistic each batch replaces. */
const momentum = 0.1;
/** PyTorch's default: added to the variance. */
const epsilon = 1e-5;

/**
 * Batch norm over all axes but the last, as PyTorch's `BatchNorm1d` and `BatchNorm2d`: the batch's mean and biased
 * variance in training, running ones in evaluation; the running variance is unbiased (`n / (n - 1)`), and both move
 * by `running += 0.1 * (batch - running)`.
 *
 * @throws ShapeMismatchError in training when there is one value a channel only, whose variance says nothing.
 */
export function batchNorm(options: BatchNormOptions): BatchNormLayer {
  const { name, channels, zeroInit = false } = options;
  const plain = { shape: [channels], layout: "plain" } as const;
  const names = {
    weight: `${name}.weight`,
    bias: `${name}.bias`,
    mean: `${name}.running_mean`,
    variance: `${name}.running_var`,
  };
  const applyWithin = (
    { shape, train, evaluate }: NormalizingOperation,
    context: LayerContextV1,
  ): tf.Tensor => {
    const parameters = {
      scale: context.parameter(names.weight) as tf.Tensor1D,
      offset: context.parameter(names.bias) as tf.Tensor1D,
      epsilon,
    };
    if (!context.training) {
      return evaluate({
        ...parameters,
        mean: context.buffer(names.mean) as tf.Tensor1D,
        variance: context.buffer(names.variance) as tf.Tensor1D,
      });
    }
    const count = shape.slice(0, -1).reduce((product, size) => product * size, 1);
    if (count < 2) {
      throw new ShapeMismatchError({
        subject: `Input of batch norm "${name}" in training`,
        expected: `more than one value a channel`,
        received: shape,
        hint: "Use a batch of two or more.",
      });
    }
    const { output, mean, variance, count: wholeCount = count } = train(parameters);
    const { moveStatistics = composedMove } = context.operations;
    const moved = moveStatistics({
      running: {
        mean: context.buffer(names.mean) as tf.Tensor1D,
        variance: context.buffer(names.variance) as tf.Tensor1D,
      },
      batch: { mean, variance },
      momentum,
      correction: wholeCount / (wholeCount - 1),
    });
    context.updateBuffer(names.mean, moved.mean);
    context.updateBuffer(names.variance, moved.variance);
    tf.dispose({ ...moved });
    return output;
  };
  return {
    parameters: [
      { name: names.weight, ...plain, initializer: { kind: zeroInit ? "zeros" : "ones" } },
      { name: names.bias, ...plain, initializer: { kind: "zeros" } },
    ],
    buffers: [
      { name: names.mean, shape: [channels], initializer: { kind: "zeros" } },
      { name: names.variance, shape: [channels], initializer: { kind: "ones" } },
    ],
    outputShape: (inputShape) => {
      if (inputShape.at(-1) !== channels) {
        throw new ShapeMismatchError({
          subject: `Input of batch norm "${name}"`,
          expected: `[..., ${channels}]`,
          received: inputShape,
        });
      }
      return inputShape;
    },
    multiplyAdds: () => 0,
    activationSize: (inputShape) => inputShape.reduce((product, size) => product * size, 1),
    describe: (input, { rank = 4, residual = null, activation = null } = {}) => {
      const norm: LayerValueV1 = {
        operation: "batch-norm",
        input,
        scale: names.weight,
        offset: names.bias,
        mean: names.mean,
        variance: names.variance,
        epsilon,
        rank,
      };
      const sum: LayerValueV1 = residual === null ? norm : { operation: "add", inputs: [norm, residual] };
      return activation === null ? sum : { operation: "relu", input: sum };
    },
    apply: (x, context, epilogue = {}) =>
      applyWithin(
        {
          shape: x.shape,
          train: (affine) => context.operations.batchNormTrain(x, { ...epilogue, ...affine }),
          evaluate: (affine) => context.operations.batchNormEvaluate(x, { ...epilogue, ...affine }),
        },
        context,
      ),
    applyWithin,
  };
}

/** `OperationsV1.moveStatistics` for engines without it. */
function composedMove({
  running,
  batch,
  momentum,
  correction,
}: RunningStatisticsUpdateV1): BatchNormStatistics {
  const moved = (from: tf.Tensor1D, towards: tf.Tensor1D, share: number): tf.Tensor1D =>
    tf.tidy(() => tf.add(tf.mul(from, 1 - momentum), tf.mul(towards, share)));
  return {
    mean: moved(running.mean, batch.mean, momentum),
    variance: moved(running.variance, batch.variance, momentum * correction),
  };
}
