/** Which images an epoch takes in which batches. */
export interface EpochPlan {
  readonly epoch: number;
  /** The indices of the epoch's images in order, on a `SharedArrayBuffer`. */
  readonly order: Uint32Array;
  readonly batchSize: number;
  /** The first batch. */
  readonly start: number;
  /** One more than the last batch. */
  readonly end: number;
}

/** How many batches `size` images make. */
export function countBatches(size: number, batchSize: number, dropLast: boolean): number {
  return dropLast ? Math.floor(size / batchSize) : Math.ceil(size / batchSize);
}

/** The indices of one batch: a view of the plan's order. */
export function indicesOf({ order, batchSize }: EpochPlan, batch: number): Uint32Array {
  return order.subarray(batch * batchSize, (batch + 1) * batchSize);
}
