import type { BlockStepV1, TensorMap } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { sharedCopy } from "./shared-copy.js";

/** A step whose gradients are known and whose update is yet to be made: end it with `finish` or with `abandon`. */
export interface OpenStep {
  /** What the block hands on, one a view. The caller's. */
  readonly outputs: readonly tf.Tensor[];
  /**
   * The loss's gradient for the units that belong to the block before, by full name; null where the block does not learn
   * in this step. The caller's.
   */
  readonly gradientsForBefore: TensorMap | null;
  /**
   * Updates the block, unless its step is skipped.
   *
   * @param gradientsFromNext What the next block's loss asks of the units that it borrows, to be added to the block's own
   * gradients; null for nothing. Borrowed.
   */
  finish(gradientsFromNext: TensorMap | null): BlockStepV1;
  /** Frees what the step holds and leaves the block as it was. */
  abandon(): void;
}

/** The sums of two sets of gradients (borrowed), the second of which may have fewer. The caller's. */
export function sumOfGradients(own: TensorMap, others: TensorMap | null): TensorMap {
  const sums = Object.entries(own).map(([name, gradient]) => {
    const other = others?.[name];
    return [name, other === undefined ? sharedCopy(gradient) : tf.add(gradient, other)];
  });
  return Object.fromEntries(sums);
}
