import type { TrainerCallbackV1 } from "@blockwise/spec";
import { ReplicatedRunner } from "../batch-workers/replicated-runner.js";
import { PipelinedRunner, type ThreadedRun } from "../block-workers/pipelined-runner.js";
import type { FeatureObserver } from "../learner/block-learner.js";
import { defaultMeters } from "../meters/measure-health.js";
import { defaultSkipLimit, type Network } from "../wiring/network.js";
import { localRunner, type StepRunner } from "./step-runner.js";
import type { TrainerOptions } from "./trainer.js";

/** Makes what a run's steps are done by: this thread, or threads for blocks or for parts of a batch. */
export function makeRunner(run: {
  readonly options: TrainerOptions;
  readonly network: Network;
  readonly observer: FeatureObserver | null;
  readonly stepsPerPhase: number;
  readonly note: (message: string) => Promise<void>;
}): StepRunner {
  const { options, network, observer, stepsPerPhase } = run;
  const { schedule, seed, blockWorkers = null, batchWorkers = null } = options;
  if (blockWorkers === null && batchWorkers === null) {
    // Blocks keep their features for those who want to see them only.
    if (observer !== null) for (const learner of network.learners) learner.observe(observer);
    return localRunner(network, { schedule, seed, stepsPerPhase });
  }
  const { skipLimit = defaultSkipLimit, meters = defaultMeters } = options;
  const threaded: ThreadedRun = {
    ...run,
    learning: { ...options, skipLimit, meters },
    schedule,
    views: options.augmentation.views,
  };
  return batchWorkers === null
    ? new PipelinedRunner(blockWorkers as NonNullable<typeof blockWorkers>, threaded)
    : new ReplicatedRunner(batchWorkers, threaded);
}

/** Shows features to those callbacks that look at them; null where none does. */
export function observerOf(callbacks: readonly TrainerCallbackV1[]): FeatureObserver | null {
  const watching = callbacks.filter(({ onBlockFeatures }) => onBlockFeatures !== undefined);
  if (watching.length === 0) return null;
  return (features) => {
    for (const callback of watching) callback.onBlockFeatures?.(features);
  };
}
