import type { ResourceLimits } from "node:worker_threads";
import type { NetworkRecipe } from "../block-workers/block-workers-options.js";

/** Threads that have a batch together. */
export interface BatchWorkersOptions {
  /** How many: 2 or more, of which the batch is a multiple. */
  readonly count: number;
  /** How threads make the network's plugins again. */
  readonly recipe: NetworkRecipe;
  /** Threads that each thread's engine may use of its own, where it can use any. @default the cores, shared out evenly */
  readonly engineThreads?: number;
  /** What a thread's JavaScript may take; one that needs more ends the run. @default Node's */
  readonly resourceLimits?: ResourceLimits;
}
