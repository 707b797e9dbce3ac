import type { TensorMap } from "@blockwise/spec";

/** How a learner has fared; saved with its tensors. */
export interface BlockCounters {
  readonly updateCount: number;
  readonly skippedSteps: number;
  readonly skippedInARow: number;
  /** True once it has skipped too many steps in a row: it keeps its weights and only passes its outputs on. */
  readonly stopped: boolean;
}

/** All that a learner keeps between steps, by full name. Borrowed from the learner. */
export interface BlockState {
  readonly parameters: TensorMap;
  readonly buffers: TensorMap;
  /** Optimiser slots, `"<slot>.<parameter>"`. */
  readonly optimizer: TensorMap;
}
