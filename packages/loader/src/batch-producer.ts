import type { BlockwiseError } from "@blockwise/spec";
import type { EpochPlan } from "./epoch-plan.js";

/** Who makes the batches of an epoch: worker threads, or the calling thread itself. */
export interface BatchProducer {
  /** Begins an epoch; the last one has ended. */
  begin(plan: EpochPlan): void;
  /**
   * Resolves when a batch is in its slot. Batches are asked for in order.
   * @throws DataSourceError, naming the sample, when one cannot be made.
   */
  produce(batch: number): Promise<void>;
  /** Gives the slot of a batch back. */
  release(batch: number): void;
  /** Ends the epoch, finished or not; resolves when no slot is written to any more. */
  end(): Promise<void>;
  /**
   * What went wrong with the batches so far; null for nothing. Threads tell of broken images after the batch is in its
   * slot, so that this is only certain once the epoch has ended.
   */
  failure(): BlockwiseError | null;
  /** Ends all threads. */
  close(): Promise<void>;
}
