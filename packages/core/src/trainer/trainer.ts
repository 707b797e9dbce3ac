import type { LoaderReport } from "@blockwise/loader";
import {
  type AugmentationV1,
  type BlockWorkerReadingV1,
  type DataSourceV1,
  InvalidOptionError,
  type ScheduleV1,
  type TrainerCallbackV1,
} from "@blockwise/spec";
import type { BatchWorkersOptions } from "../batch-workers/batch-workers-options.js";
import type { BlockWorkersOptions } from "../block-workers/block-workers-options.js";
import { latestCheckpoint, loadCheckpoint, saveCheckpoint } from "../checkpoint/checkpoints.js";
import {
  FrozenOutputs,
  type FrozenOutputsCounts,
  type FrozenOutputsOptions,
} from "../frozen-outputs/frozen-outputs.js";
import type { Timetable } from "../timetable/timetable.js";
import type { NetworkOptions } from "../wiring/block-definition.js";
import type { LearningOptions, Network } from "../wiring/network.js";
import { BatchCursor } from "./batch-cursor.js";
import { checkTrainerOptions } from "./check-options.js";
import { describeConfiguration } from "./describe-configuration.js";
import { makeRunner, observerOf } from "./make-runner.js";
import { RunClock } from "./run-clock.js";
import { runSteps } from "./run-steps.js";
import { wireRun } from "./wire-run.js";

/** Where and how often a run is saved. */
export interface CheckpointOptions {
  /** The folder of the run's checkpoints, which is made where it is missing. */
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
  /** The learning rate of each step; a block that has its own window goes through all of it there. */
  readonly schedule: ScheduleV1;
  /** The images, with labels where a loss asks for them. */
  readonly source: DataSourceV1;
  /** What makes the views: as many as the losses compare. */
  readonly augmentation: AugmentationV1;
  /** Images of a step, of each of which all views are made. */
  readonly batchSize: number;
  /** Passes over the images; the last, smaller batch of each is left out. */
  readonly epochs: number;
  /** Ends the run after so many steps even if the epochs are not over; each block's part, where they take turns. @default null */
  readonly maxSteps?: number | null;
  /** When each block learns. @default "simultaneous" */
  readonly timetable?: Timetable;
  /**
   * Where a sequential run keeps what frozen blocks hand on, and up to how many bytes, so that later phases need not compute
   * it again; removed when the run is complete. It changes no number; other timetables have no use for it. @default null
   */
  readonly frozenOutputs?: FrozenOutputsOptions | null;
  /** Threads that prepare batches. @default one less than the cores, at most two */
  readonly workers?: number;
  /**
   * Threads that blocks learn in, neighbours in one; null for the trainer's own. It changes no number: results are the
   * same bit for bit, and so are checkpoints, from which a run goes on with any number of threads. While a run goes on,
   * the trainer's network is there only at steps at which it is saved, or a callback says that it `readsNetwork`.
   * @default null
   */
  readonly blockWorkers?: BlockWorkersOptions | null;
  /**
   * Threads that each learn from an equal part of every batch, for networks of which one block takes most of the time; null
   * for none. Statistics, losses and gradients are of the whole batch: results are those of one thread but for rounding,
   * and the same bit for bit with the same number of threads. Not beside `blockWorkers`; for what the network is there while a
   * run goes on, see there. @default null
   */
  readonly batchWorkers?: BatchWorkersOptions | null;
  /** Those that watch the run, called in this order. @default none */
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
  /** How many steps the whole run has. */
  readonly stepCount: number;
  /** True when the signal ended it early. */
  readonly interrupted: boolean;
  /** Of this call of `run`. */
  readonly seconds: number;
  /** Images a second, all of whose views count once. */
  readonly pairsPerSecond: number;
  /** Part of the time, from 0 to 1, that the trainer waited for data, frozen outputs included. */
  readonly dataWaitShare: number;
  /** How the making of batches went. */
  readonly input: LoaderReport;
  /** Skipped steps by block. */
  readonly skippedSteps: Readonly<Record<string, number>>;
  /** What came of keeping frozen outputs, in this call of `run`; null where none were kept. */
  readonly frozenOutputs: FrozenOutputsCounts | null;
  /** The threads that blocks, or parts of a batch, learnt in, in order, in this call of `run`; null where they learnt in this one. */
  readonly blockWorkers: readonly BlockWorkerReadingV1[] | null;
}

/** A run that is wired and can be started. */
export interface Trainer {
  /** The network that it trains; the trainer's, and of use after the run until it is disposed of. */
  readonly network: Network;
  /** How many steps the whole run has. */
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
   * @throws NonFiniteValueError when every block whose turn it is to learn has stopped learning; BlockWorkerError when a
   * thread that blocks learn in ends
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
  const { batchSize, checkpoints = null } = options;
  checkTrainerOptions(options);
  const { network, loader, timetable } = wireRun(options);
  const { stepCount, stepsPerPhase, phaseCount } = timetable;
  const configuration = describeConfiguration(options);
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
      const cursor = new BatchCursor(loader);
      const note = async (message: string): Promise<void> => {
        for (const callback of callbacks) await callback.onNote?.({ step, message });
      };
      const observer = observerOf(callbacks);
      const runner = makeRunner({ options, network, observer, stepsPerPhase, note });
      const frozen =
        options.frozenOutputs == null || phaseCount === 1
          ? null
          : new FrozenOutputs(options.frozenOutputs, {
              configuration,
              learners: network.learners,
              stepsPerPhase,
              batchSize,
              views: options.augmentation.views,
              labels: options.source.labels !== null,
              note,
            });
      const save = async (step: number): Promise<void> => {
        if (checkpoints === null) return;
        const { directory, keep = 2 } = checkpoints;
        const { learners } = network;
        const path = await saveCheckpoint({ directory, keep, learners, step, stepCount, configuration });
        for (const callback of callbacks) await callback.onCheckpoint?.({ step, path });
      };
      const onStep = (done: number): void => {
        step = done;
      };
      let workers: readonly BlockWorkerReadingV1[] | null = null;
      try {
        if (startStep < stepCount) await runner.begin();
        for (const callback of callbacks) await callback.onRunStart?.({ startStep, stepCount, blocks });
        await frozen?.begin(startStep);
        clock.start();
        await runSteps(startStep, {
          options,
          blocks,
          loader,
          cursor,
          timetable,
          runner,
          frozen,
          clock,
          save,
          onStep,
        });
        workers = runner.readings();
        if (step === stepCount) await frozen?.clear();
      } finally {
        await runner.close();
        await cursor.leave();
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
        input: loader.report(),
        skippedSteps,
        frozenOutputs: frozen?.counts ?? null,
        blockWorkers: workers,
      };
    },
    dispose: () => {
      network.dispose();
      void loader.close();
    },
  };
}

function folderOf(checkpoints: CheckpointOptions | null): string {
  if (checkpoints !== null) return checkpoints.directory;
  throw new InvalidOptionError({
    option: "checkpoints",
    expected: 'given where "latest" is to be resumed, with the folder to look in',
    received: checkpoints,
  });
}
