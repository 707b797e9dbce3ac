import type { BatchNormTrainOptions, OperationsV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { type BatchNormBackend, type BatchNormInput, batchNormOperations } from "../operations/batch-norm.js";
import { checkBatchNorm } from "../operations/check-arguments.js";
import { composedBatchNorm } from "../operations/composed-batch-norm.js";
import {
  batchGradients,
  fixedGradients,
  normalizeBatch,
  normalizeFixed,
  reluGradient,
} from "./batch-norm-kernels.js";

/** Batch norm with given statistics on TensorFlow's fused kernels; the statistics alone, and gradients through them, are composed. */
export const fixedBatchNorm: BatchNormBackend = {
  statistics: composedBatchNorm.statistics,

  normalize(input) {
    return tf.tidy(() => {
      const { output } = epilogue(asMap(normalized(input), input.x), input);
      return output;
    });
  },

  gradients(input, dy, batchStatistics) {
    if (batchStatistics) return composedBatchNorm.gradients(input, dy, true);
    const {
      x: dx,
      scale,
      offset,
      residual,
    } = tf.tidy(() => {
      const { x, mean, variance, epsilon } = input;
      const activated = input.relu ? epilogue(asMap(normalized(input), x), input).activated : null;
      const g = maskedGradient(dy, x.shape, activated, input.pool);
      const gradients = fixedGradients(asImages(g), asImages(x), scaleOf(input), mean, variance, epsilon);
      return {
        x: tf.reshape(gradients.x, x.shape),
        scale: gradients.scale,
        offset: gradients.offset,
        // The tidy's type asks for tensors only; a missing residual is null, which it passes through.
        residual: (input.residual === null ? null : tf.clone(g)) as tf.Tensor,
      };
    });
    return { x: dx as tf.Tensor, scale, offset, residual: input.residual === null ? null : residual };
  },
};

/**
 * Batch norm of TensorFlow's own kernels. Forward is one kernel for statistics and norm, then one each for residual,
 * rectifier and mean; for backward the input is kept and, behind a rectifier, its output, which the next layer keeps as
 * well unless a mean follows.
 */
export const tensorFlowBatchNorm: Pick<OperationsV1, "batchNormTrain" | "batchNormEvaluate"> = {
  batchNormEvaluate: batchNormOperations(fixedBatchNorm).batchNormEvaluate,

  batchNormTrain(x, options) {
    checkBatchNorm(x, options);
    return tf.tidy(() => {
      const input = { scale: options.scale, offset: options.offset, channels: x.shape[x.rank - 1] ?? 0 };
      const { y, mean, variance, reserves } = normalizeBatch(
        asImages(x),
        scaleOf(input),
        offsetOf(input),
        options.epsilon,
      );
      const output = differentiate(x, asMap(y, x), reserves, options);
      return { output, mean, variance };
    });
  },
};

function differentiate(
  x: tf.Tensor,
  y: tf.Tensor,
  reserves: readonly tf.Tensor[],
  options: BatchNormTrainOptions,
): tf.Tensor {
  const { scale, offset, residual = null, epsilon, activation = "none", pool = "none" } = options;
  const settings = { relu: activation === "relu", pool: pool === "globalAverage" };
  const inputs = [x, scale, offset, residual].filter((tensor) => tensor !== null);
  const operation = tf.customGrad((...parameters) => {
    const save = parameters.pop() as tf.GradSaveFunc;
    const tensors = parameters as tf.Tensor[];
    const shortcut = residual === null ? null : (tensors[tensors.length - 1] as tf.Tensor);
    const { output, activated } = epilogue(y, { ...settings, residual: shortcut });
    const gain = scale === null ? [] : [tensors[1] as tf.Tensor];
    save([tensors[0] as tf.Tensor, ...reserves, ...gain, ...(activated === null ? [] : [activated])]);
    return {
      value: output,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const input = saved[0] as tf.Tensor;
        const kept = saved.slice(1, 1 + reserves.length);
        const savedScale = scale === null ? null : (saved[1 + reserves.length] as tf.Tensor1D);
        const g = maskedGradient(
          dy,
          input.shape,
          settings.relu ? (saved[saved.length - 1] ?? null) : null,
          settings.pool,
        );
        const channels = input.shape[input.rank - 1] ?? 0;
        const gradients = batchGradients(
          asImages(g),
          asImages(input),
          scaleOf({ scale: savedScale, channels }),
          kept,
          epsilon,
        );
        return [
          tf.reshape(gradients.x, input.shape),
          ...(scale === null ? [] : [gradients.scale]),
          ...(offset === null ? [] : [gradients.offset]),
          ...(residual === null ? [] : [tf.clone(g)]),
        ];
      },
    };
  });
  return operation(...inputs);
}

/** What comes behind the norm; `activated` is the rectifier's output, null without one. */
function epilogue(
  y: tf.Tensor,
  { relu, pool, residual }: Pick<BatchNormInput, "pool" | "relu" | "residual">,
): { readonly output: tf.Tensor; readonly activated: tf.Tensor | null } {
  const sum = residual === null ? y : tf.add(y, residual);
  const activated = relu ? tf.relu(sum) : null;
  const map = activated ?? sum;
  if (pool) return { output: tf.mean(map, [1, 2]), activated };
  // An operation's value must be a tensor of its own; cloned, it shares what it holds.
  return { output: map === y ? tf.clone(y) : map, activated };
}

/** The gradient before the epilogue's mean and rectifier. */
function maskedGradient(
  dy: tf.Tensor,
  shape: readonly number[],
  activated: tf.Tensor | null,
  pool: boolean,
): tf.Tensor {
  const spread = pool ? spreadOverPixels(dy, shape) : dy;
  return activated === null ? spread : reluGradient(spread, activated);
}

function spreadOverPixels(
  dy: tf.Tensor,
  [batch = 0, height = 0, width = 0, channels = 0]: readonly number[],
): tf.Tensor {
  const share = tf.reshape(tf.div(dy, height * width), [batch, 1, 1, channels]);
  return tf.tile(share, [1, height, width, 1]);
}

function normalized(input: BatchNormInput): tf.Tensor4D {
  const { x, mean, variance, epsilon } = input;
  return normalizeFixed(asImages(x), scaleOf(input), offsetOf(input), mean, variance, epsilon);
}

/** TensorFlow's kernels take maps: a row of features is a map of one pixel. */
function asImages(x: tf.Tensor): tf.Tensor4D {
  return x.rank === 4 ? (x as tf.Tensor4D) : tf.reshape(x, [x.shape[0] ?? 0, 1, 1, x.shape[1] ?? 0]);
}

function asMap(y: tf.Tensor4D, x: tf.Tensor): tf.Tensor {
  return x.rank === 4 ? y : tf.reshape(y, x.shape);
}

interface Affine {
  readonly scale?: tf.Tensor1D | null;
  readonly offset?: tf.Tensor1D | null;
  readonly mean?: tf.Tensor1D;
  readonly channels?: number;
}

function scaleOf({ scale = null, mean, channels = mean?.size ?? 0 }: Affine): tf.Tensor1D {
  return scale ?? tf.ones<tf.Rank.R1>([channels]);
}

function offsetOf({ offset = null, mean, channels = mean?.size ?? 0 }: Affine): tf.Tensor1D {
  return offset ?? tf.zeros<tf.Rank.R1>([channels]);
}
