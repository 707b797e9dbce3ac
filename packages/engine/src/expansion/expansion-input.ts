import * as tf from "@tensorflow/tfjs-core";
import type { BatchNormInput } from "../operations/batch-norm.js";
import { multiplyPixels } from "./expansion-backend.js";
import type { ImageChunk } from "./image-chunks.js";

/** What the batch norm behind an expansion needs to know of the whole batch. */
export interface ExpansionStatistics {
  /** Mean of what is expanded, `[out]`. */
  readonly mean: tf.Tensor1D;
  /** Its biased variance, `[out]`. */
  readonly variance: tf.Tensor1D;
  /** Where they come from; null where they do not depend on x. */
  readonly batch: BatchStatistics | null;
}

/** Statistics of the batch that is expanded. */
export interface BatchStatistics {
  /** The input's mean as float32 has it, `[in]`: taken from the input before it is expanded, so that no digits go. */
  readonly shift: tf.Tensor1D;
  /** The mean of what is left then, `[in]`: what rounding took from `shift`. */
  readonly rest: tf.Tensor1D;
  /** Covariance of the input with the expanded map, `[in, out]`. */
  readonly covariance: tf.Tensor2D;
}

/** What an expansion and its gradients are computed from. All tensors are borrowed. */
export interface ExpansionInput extends ExpansionStatistics {
  readonly x: tf.Tensor4D;
  /** The filter, `[in, out]`. */
  readonly matrix: tf.Tensor2D;
  readonly scale: tf.Tensor1D | null;
  readonly offset: tf.Tensor1D | null;
  readonly epsilon: number;
}

/** One chunk of what is expanded, `[count, height, width, in]`. */
export function inputChunk({ x, batch }: ExpansionInput, chunk: ImageChunk): tf.Tensor4D {
  return batch === null ? tf.slice(x, chunk.first, chunk.count) : shiftedChunk(x, chunk, batch.shift);
}

/** One chunk of `x`, less the shift. */
export function shiftedChunk(x: tf.Tensor4D, { first, count }: ImageChunk, shift: tf.Tensor1D): tf.Tensor4D {
  return tf.tidy(() => tf.sub(tf.slice(x, first, count), shift));
}

/** One chunk of the expanded map, `[count, height, width, out]`. */
export function expandedChunk(input: ExpansionInput, chunk: ImageChunk): tf.Tensor4D {
  return tf.tidy(() => multiplyPixels(inputChunk(input, chunk), input.matrix));
}

/** The batch norm behind a chunk of the expanded map. */
export function normOf(
  { mean, variance, scale, offset, epsilon }: ExpansionInput,
  x: tf.Tensor4D,
): BatchNormInput {
  return { x, mean, variance, scale, offset, residual: null, epsilon, relu: true, pool: true };
}
