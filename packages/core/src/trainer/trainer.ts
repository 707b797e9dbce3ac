import { createLoader, type Loader } from "@blockwise/loader";
import { fold, rootKey } from "@blockwise/random";
import {
  type AugmentationV1,
  type DataSourceV1,
  InvalidOptionError,
  NonFiniteValueError,
  type ScheduleV1,
  type TrainerCallbackV1,
} from "@blockwise/spec";
import { latestCheckpoint, loadCheckpoint, saveCheckpoint } from "../checkpoint/checkpoints.js";
import type { NetworkOptions } from "../wiring/block-definition.js";
import { createNetwork, type LearningOptions, type Network } from "../wiring/network.js";
import { checkTrainerOptions, requireViewCount } from "./check-options.js";
import { describeConfiguration } from "./describe-configuration.js";
import { learnBatch } from "./learn-batch.js";
import { RunClock } from "./run-clock.js";

/** Where and how often a run is saved. */
export interface CheckpointOptions {
  readonly directory: string;
  /** Steps between checkpoints; one more is written at the end and when the run is interrupted. @default 500 */
  readonly everySteps?: number;
  /** How many stay. @default 2 */
  readonly keep?: number;
}

/** Everything a run is made from. */
export interface TrainerOptions
  extends Omit<NetworkOptions, "batchSize" | "classCount" | "imageShape">,
    LearningOptions {
  readonly schedule: ScheduleV1;
  readonly source: DataSourceV1;
  readonly augmentation: AugmentationV1;
  readonly batchSize: number;
  /** Passes over the images; the last, smaller batch of each is left out. */
  readonly epochs: number;
  /** Ends the run after so many steps even if the epochs are not over. @default null */
  readonly maxSteps?: number | null;
  /** Threads that prepare batches. @default one less than the cores, at most two */
  readonly workers?: number;
  readonly callbacks?: readonly TrainerCallbackV1[];
  /** @default null */
  readonly checkpoints?: CheckpointOptions | null;
  /** Ends the run after the step at hand, with a checkpoint, when it is aborted. */
  readonly signal?: AbortSignal;
}

/** How a run went. */
export interface TrainingResult {
  /** Steps done in all, and how many the run has. */
  readonly step: number;
  readonly stepCount: number;
  /** True when the signal ended it early. */
  readonly interrupted: boolean;
  /** Of this call of `run`. */
  readonly seconds: number;
  readonly pairsPerSecond: number;
  /** Part of the time, from 0 to 1, that the trainer waited for data. */
  readonly dataWaitShare: number;
  /** Skipped steps by block. */
  readonly skippedSteps: Readonly<Record<string, number>>;
}

/** A run that is wired and can be started. */
export interface Trainer {
  readonly network: Network;
  readonly stepCount: number;
  /**
   * Takes over a checkpoint: a path, or `"latest"` for the newest in the run's folder. Returns the step to go on from;
   * 0 when `"latest"` finds none. The run then goes on bit for bit as if it had never stopped.
   *
   * @throws CheckpointError, StorageError
   */
  resume(checkpoint: string): Promise<number>;
  /**
   * Trains to the end, or until the signal.
   *
   * @throws NonFiniteValueError when every block has stopped learning.
   */
  run(): Promise<TrainingResult>;
  /** Frees the network and ends the loader's threads. */
  dispose(): void;
}

/**
 * Wires a run. All plugins, shapes and options are checked here, before the first step.
 *
 * @throws IncompatibleSpecVersionError, InvalidOptionError, ShapeMismatchError
 */
export function createTrainer(options: TrainerOptions): Trainer {
  const { batchSize, epochs, maxSteps = null, checkpoints = null } = options;
  checkTrainerOptions(options);
  const { network, loader } = wire(options);
  const { batchesPerEpoch } = loader;
  const stepCount = Math.min(epochs * batchesPerEpoch, maxSteps ?? Number.POSITIVE_INFINITY);
  const configuration = describeConfiguration(options);
  const aborted = (): boolean => options.signal?.aborted === true;
  let step = 0;
  return {
    network,
    stepCount,
    resume: async (checkpoint) => {
      const path = checkpoint === "latest" ? await latestCheckpoint(folderOf(checkpoints)) : checkpoint;
      if (path !== null) step = await loadCheckpoint(path, network.learners, { configuration, stepCount });
      return step;
    },
    run: async () => {
      const startStep = step;
      const clock = new RunClock({ batchSize, startStep, stepCount });
      const callbacks = options.callbacks ?? [];
      const blocks = network.learners.map(({ definition }) => definition.id);
      const save = async (): Promise<void> => {
        if (checkpoints === null) return;
        const { directory, keep = 2 } = checkpoints;
        const { learners } = network;
        const path = await saveCheckpoint({ directory, keep, learners, step, stepCount, configuration });
        for (const callback of callbacks) await callback.onCheckpoint?.({ step, path });
      };
      try {
        for (const callback of callbacks) await callback.onRunStart?.({ startStep, stepCount, blocks });
        showFeatures(network, callbacks);
        while (step < stepCount && !aborted()) {
          const epoch = Math.floor(step / batchesPerEpoch);
          for await (const batch of loader.epoch(epoch, step % batchesPerEpoch)) {
            const reports = learnBatch(network, batch, { ...options, step, stepCount });
            requireOneLearning(network, step);
            clock.stepDone(step + 1, loader.waitMs);
            const event = { step, stepCount, epoch, blocks: reports, ...clock.reading() };
            step += 1;
            for (const callback of callbacks) await callback.onStepEnd?.(event);
            if (step >= stepCount || aborted()) break;
            if (checkpoints !== null && step % (checkpoints.everySteps ?? 500) === 0) await save();
          }
          if (step % batchesPerEpoch === 0) {
            for (const callback of callbacks) await callback.onEpochEnd?.({ epoch, step });
          }
        }
        if (step > startStep) await save();
      } finally {
        await loader.close();
      }
      const interrupted = step < stepCount;
      for (const callback of callbacks) await callback.onRunEnd?.({ step, interrupted });
      const skippedSteps = Object.fromEntries(
        network.learners.map(({ definition, counters }) => [definition.id, counters.skippedSteps]),
      );
      const { pairsPerSecond, dataWaitShare } = clock.reading();
      return {
        step,
        stepCount,
        interrupted,
        seconds: clock.seconds,
        pairsPerSecond,
        dataWaitShare,
        skippedSteps,
      };
    },
    dispose: () => {
      network.dispose();
      void loader.close();
    },
  };
}

/** Blocks keep their features for those who want to see them only. */
function showFeatures({ learners }: Network, callbacks: readonly TrainerCallbackV1[]): void {
  const watching = callbacks.filter(({ onBlockFeatures }) => onBlockFeatures !== undefined);
  if (watching.length === 0) return;
  for (const learner of learners) {
    learner.observe((features) => {
      for (const callback of watching) callback.onBlockFeatures?.(features);
    });
  }
}

/** The network first: a loader that starts to work and is not wanted would have to be waited for. */
function wire(options: TrainerOptions): { readonly network: Network; readonly loader: Loader } {
  const { source, augmentation, batchSize, seed, workers } = options;
  const { height, width, channels } = augmentation.shape;
  const network = createNetwork({
    ...options,
    imageShape: [height, width, channels],
    classCount: source.classNames?.length ?? null,
  });
  try {
    for (const { definition } of network.learners)
      requireViewCount(definition.loss.capabilities.views, augmentation);
    const loader = createLoader({
      source,
      augmentation,
      batchSize,
      key: fold(rootKey(seed), "data"),
      ...(workers === undefined ? {} : { workers }),
    });
    return { network, loader };
  } catch (error) {
    network.dispose();
    throw error;
  }
}

function folderOf(checkpoints: CheckpointOptions | null): string {
  if (checkpoints !== null) return checkpoints.directory;
  throw new InvalidOptionError({
    option: "checkpoints",
    expected: 'given where "latest" is to be resumed, with the folder to look in',
    received: checkpoints,
  });
}

function requireOneLearning({ learners }: Network, step: number): void {
  if (learners.some(({ counters }) => !counters.stopped)) return;
  const skippedSteps = Math.min(...learners.map(({ counters }) => counters.skippedSteps));
  const block = learners.map(({ definition }) => definition.id).join(", ");
  throw new NonFiniteValueError(
    `At step ${step} no block is learning any more (${block}): the loss or a gradient was not finite too many times in a row. ` +
      "Lower the learning rate, lengthen the warm-up, or look for broken images.",
    { block, step, skippedSteps },
  );
}
