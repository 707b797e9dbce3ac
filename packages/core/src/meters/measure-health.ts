import { type BlockHealthV1, InvalidOptionError, type TensorMap } from "@blockwise/spec";
import type * as tf from "@tensorflow/tfjs-core";
import { effectiveRank } from "./effective-rank.js";
import { meanAbsoluteCorrelation } from "./mean-absolute-correlation.js";
import { normOf, normOfChange } from "./norms.js";

/** When the health of blocks is measured. It changes no weight. */
export interface MeterOptions {
  /** Every so many steps, counted from the first, and in the last one. */
  readonly everySteps: number;
}

/** How often health is measured where nobody says otherwise: often enough to see trouble, too seldom to cost. */
export const defaultMeters: MeterOptions = { everySteps: 50 };

/** @throws InvalidOptionError */
export function requireMeterOptions({ everySteps }: MeterOptions): void {
  if (Number.isSafeInteger(everySteps) && everySteps > 0) return;
  throw new InvalidOptionError({
    option: "meters.everySteps",
    expected: "a whole number above 0",
    received: everySteps,
    hint: "Leave meters out by setting them to null.",
  });
}

/** Whether health is measured in a step (from 0). */
export function isMeasured(
  meters: MeterOptions | null,
  { step, stepCount }: { readonly step: number; readonly stepCount: number },
): boolean {
  return meters !== null && (step % meters.everySteps === 0 || step === stepCount - 1);
}

/** Measures a block's health over one update. All tensors are borrowed. */
export function measureHealth(update: {
  /** The embeddings of the first view, `[batch, dim]`. */
  readonly embedding: tf.Tensor2D;
  /** What the update was made from, by parameter. */
  readonly gradients: TensorMap;
  /** All parameters of the block, before and after the update. */
  readonly before: TensorMap;
  readonly after: TensorMap;
}): BlockHealthV1 {
  const weightNorm = normOf(update.before);
  return {
    effectiveRank: effectiveRank(update.embedding),
    meanAbsoluteCorrelation: meanAbsoluteCorrelation(update.embedding),
    gradientNorm: normOf(update.gradients),
    weightNorm,
    trustRatio: normOfChange(update.before, update.after) / weightNorm,
  };
}
