import type { Tensor1D } from "@tensorflow/tfjs-core";

/** Mean and variance of a norm, each `[channels]`. */
export interface StatisticsV1 {
  /** Means, over all axes but the last. */
  readonly mean: Tensor1D;
  /** Variances. */
  readonly variance: Tensor1D;
}

/** What moves the running statistics of a norm by one batch. All tensors are borrowed. */
export interface RunningStatisticsUpdateV1 {
  /** As the batch before left them. */
  readonly running: StatisticsV1;
  /** Of this batch; the variance is biased (divided by the count). */
  readonly batch: StatisticsV1;
  /** How much of the running statistics the batch's replace. */
  readonly momentum: number;
  /** What the batch's variance is multiplied by: `n / (n - 1)` for an unbiased one. */
  readonly correction: number;
}
