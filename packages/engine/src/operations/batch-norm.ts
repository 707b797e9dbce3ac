import type {
  BatchNormEvaluateOptions,
  BatchNormTrainOptions,
  BatchNormTrainResult,
  OperationsV1,
} from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { checkBatchNorm } from "./check-arguments.js";

/** What a batch norm and its gradient are computed from. All tensors are borrowed. */
export interface BatchNormInput {
  readonly x: tf.Tensor;
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
  readonly scale: tf.Tensor1D | null;
  readonly offset: tf.Tensor1D | null;
  readonly residual: tf.Tensor | null;
  readonly epsilon: number;
  readonly relu: boolean;
  readonly pool: boolean;
}

/** Gradients, the caller's. */
export interface BatchNormGradients {
  readonly x: tf.Tensor;
  readonly scale: tf.Tensor;
  readonly offset: tf.Tensor;
  /** Null where there is no residual. */
  readonly residual: tf.Tensor | null;
}

/** One engine's way to compute a batch norm; no gradient is taken through these functions. */
export interface BatchNormBackend {
  statistics(x: tf.Tensor): { readonly mean: tf.Tensor1D; readonly variance: tf.Tensor1D };
  normalize(input: BatchNormInput): tf.Tensor;
  /** With `batchStatistics`, mean and variance are those of x and pass gradient on to it. */
  gradients(input: BatchNormInput, dy: tf.Tensor, batchStatistics: boolean): BatchNormGradients;
}

/** One whose gradients come in two passes, so that others can be asked in between. */
export interface SplitBatchNormBackend extends BatchNormBackend {
  /** Of all but x. */
  gradientSums(input: BatchNormInput, dy: tf.Tensor): Omit<BatchNormGradients, "x">;
  /**
   * Of x: `g scale / sqrt(variance + epsilon) + (x - mean) slope + level`, where `g` is the residual's gradient, or `dy` behind the
   * epilogue where there is no residual.
   */
  inputGradient(input: BatchNormInput, g: tf.Tensor, slope: tf.Tensor1D, level: tf.Tensor1D): tf.Tensor;
}

/** Makes differentiable operations of an engine's batch norm; un-normalised inputs are all that is kept for backward. */
export function batchNormOperations(
  backend: BatchNormBackend,
): Pick<OperationsV1, "batchNormTrain" | "batchNormEvaluate"> {
  return {
    batchNormTrain(x: tf.Tensor, options: BatchNormTrainOptions): BatchNormTrainResult {
      checkBatchNorm(x, options);
      const { mean, variance } = backend.statistics(x);
      return { output: differentiate(backend, x, mean, variance, options, true), mean, variance };
    },
    batchNormEvaluate(x: tf.Tensor, options: BatchNormEvaluateOptions): tf.Tensor {
      checkBatchNorm(x, options, [options.mean, options.variance]);
      return differentiate(backend, x, options.mean, options.variance, options, false);
    },
  };
}

function differentiate(
  backend: BatchNormBackend,
  x: tf.Tensor,
  mean: tf.Tensor1D,
  variance: tf.Tensor1D,
  options: BatchNormTrainOptions,
  batchStatistics: boolean,
): tf.Tensor {
  const { scale, offset, residual = null, epsilon, activation = "none", pool = "none" } = options;
  const fixed = { epsilon, relu: activation === "relu", pool: pool === "globalAverage" };
  const present = [scale !== null, offset !== null, residual !== null] as const;
  const operation = tf.customGrad((...parameters) => {
    const save = parameters.pop() as tf.GradSaveFunc;
    const tensors = parameters as tf.Tensor[];
    save([...tensors, mean, variance]);
    return {
      value: backend.normalize({ ...unpack([...tensors, mean, variance], present), ...fixed }),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const input = { ...unpack(saved, present), ...fixed };
        const gradients = backend.gradients(input, dy, batchStatistics);
        const all = [gradients.scale, gradients.offset, gradients.residual];
        return [
          gradients.x,
          ...all.filter((tensor, index) => tensor !== null && present[index]),
        ] as tf.Tensor[];
      },
    };
  });
  return operation(...[x, scale, offset, residual].filter((tensor) => tensor !== null));
}

/** Tells apart what `customGrad` takes as a flat list: x, those of scale, offset and residual there are, statistics. */
function unpack(
  tensors: readonly tf.Tensor[],
  [hasScale, hasOffset, hasResidual]: readonly [boolean, boolean, boolean],
): Pick<BatchNormInput, "x" | "mean" | "variance" | "scale" | "offset" | "residual"> {
  const queue = [...tensors];
  const next = <Kind extends tf.Tensor>(): Kind => queue.shift() as Kind;
  return {
    x: next(),
    scale: hasScale ? next<tf.Tensor1D>() : null,
    offset: hasOffset ? next<tf.Tensor1D>() : null,
    residual: hasResidual ? next() : null,
    mean: next<tf.Tensor1D>(),
    variance: next<tf.Tensor1D>(),
  };
}
