import type { OperationsV1, OptimizerV1, ParameterSpecV1, TensorMap } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** How a learner has fared; saved with its tensors. */
export interface BlockCounters {
  /** Steps in which its parameters changed. */
  readonly updateCount: number;
  /** Steps that it left out in all, since loss or gradient was NaN or infinite. */
  readonly skippedSteps: number;
  /** Steps that it has left out since it learnt last. */
  readonly skippedInARow: number;
  /** True once it has skipped too many steps in a row: it keeps its weights and only passes its outputs on. */
  readonly stopped: boolean;
}

/** All that a learner keeps between steps, by full name. Borrowed from the learner. */
export interface BlockState {
  /** What is trained: units, head, projector, and what the loss keeps. */
  readonly parameters: TensorMap;
  /** What is kept and not trained, such as running means. */
  readonly buffers: TensorMap;
  /** Optimiser slots, `"<slot>.<parameter>"`. */
  readonly optimizer: TensorMap;
}

/** What an update is made from. All tensors are borrowed. */
export interface UpdateRequest {
  readonly optimizer: OptimizerV1;
  readonly operations: OperationsV1;
  readonly specs: readonly ParameterSpecV1[];
  readonly gradients: TensorMap;
  readonly learningRate: number;
  readonly updateCount: number;
}

/** New parameters and optimiser slots for old ones. They are the caller's. */
export function updated(
  { parameters, optimizer: state }: Pick<BlockState, "parameters" | "optimizer">,
  { optimizer, ...update }: UpdateRequest,
): Pick<BlockState, "parameters" | "optimizer"> {
  const next = tf.tidy(
    () =>
      optimizer.doUpdate({ ...update, parameters, state }) as unknown as Record<
        "parameters" | "state",
        Record<string, tf.Tensor>
      >,
  );
  return { parameters: next.parameters, optimizer: next.state };
}

/** The counters after an update. */
export function countUpdate(counters: BlockCounters): BlockCounters {
  return { ...counters, updateCount: counters.updateCount + 1, skippedInARow: 0 };
}

/** The counters after a step that was skipped. */
export function countSkip(counters: BlockCounters, skipLimit: number): BlockCounters {
  const skippedInARow = counters.skippedInARow + 1;
  return {
    ...counters,
    skippedSteps: counters.skippedSteps + 1,
    skippedInARow,
    stopped: skippedInARow >= skipLimit,
  };
}
