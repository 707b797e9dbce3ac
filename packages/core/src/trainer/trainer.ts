import type { LoaderReport } from "@blockwise/loader";
import {
  type AugmentationV1,
  type DataSourceV1,
  InvalidOptionError,
  NonFiniteValueError,
  type RunPhaseV1,
  type ScheduleV1,
  type TrainerCallbackV1,
} from "@blockwise/spec";
import { latestCheckpoint, loadCheckpoint, saveCheckpoint } from "../checkpoint/checkpoints.js";
import {
  FrozenOutputs,
  type FrozenOutputsCounts,
  type FrozenOutputsOptions,
} from "../frozen-outputs/frozen-outputs.js";
import type { Timetable } from "../timetable/timetable.js";
import { type StepPlan, turnsAt } from "../timetable/turns-at.js";
import type { NetworkOptions } from "../wiring/block-definition.js";
import type { LearningOptions, Network } from "../wiring/network.js";
import { BatchCursor } from "./batch-cursor.js";
import { checkTrainerOptions } from "./check-options.js";
import { describeConfiguration } from "./describe-configuration.js";
import { fromLoader, learnBatch } from "./learn-batch.js";
import { RunClock } from "./run-clock.js";
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
   * @throws NonFiniteValueError when every block whose turn it is to learn has stopped learning.
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
  const { batchesPerEpoch } = loader;
  const { stepCount, stepsPerPhase, phaseCount } = timetable;
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
      const cursor = new BatchCursor(loader);
      const note = async (message: string): Promise<void> => {
        for (const callback of callbacks) await callback.onNote?.({ step, message });
      };
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
        await frozen?.begin(startStep);
        while (step < stepCount && !aborted()) {
          const plan = turnsAt(timetable, step);
          const { dataStep } = plan;
          const epoch = Math.floor(dataStep / batchesPerEpoch);
          const inputs =
            (await frozen?.read(plan)) ?? fromLoader(await cursor.at(dataStep), options.augmentation.shape);
          const reports = learnBatch(network, inputs, plan, {
            ...options,
            stepsPerPhase,
            onFrozenOutputs: (block, outputs) => frozen?.hold(plan, block, outputs),
          });
          await frozen?.store(inputs.labels);
          requireOneLearning(network, plan, step);
          clock.stepDone(step + 1, loader.waitMs + (frozen?.waitMs ?? 0));
          const phase = phaseOf(plan, phaseCount, blocks);
          const event = {
            step,
            stepCount,
            epoch,
            phase,
            blocks: reports,
            ...clock.reading(),
            inputImagesPerSecond: loader.report().imagesPerSecond,
          };
          step += 1;
          for (const callback of callbacks) await callback.onStepEnd?.(event);
          const due = step % (checkpoints?.everySteps ?? 500) === 0 || dataStep + 1 === stepsPerPhase;
          if (due && step < stepCount && !aborted()) await save();
          if ((dataStep + 1) % batchesPerEpoch === 0) {
            for (const callback of callbacks) await callback.onEpochEnd?.({ epoch, step });
          }
        }
        if (step > startStep) await save();
        if (step === stepCount) await frozen?.clear();
      } finally {
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

function phaseOf({ phase, turns }: StepPlan, count: number, blocks: readonly string[]): RunPhaseV1 | null {
  if (count === 1) return null;
  return { index: phase, count, block: blocks[turns.findIndex(({ mode }) => mode === "learning")] ?? "" };
}

function folderOf(checkpoints: CheckpointOptions | null): string {
  if (checkpoints !== null) return checkpoints.directory;
  throw new InvalidOptionError({
    option: "checkpoints",
    expected: 'given where "latest" is to be resumed, with the folder to look in',
    received: checkpoints,
  });
}

function requireOneLearning(network: Network, { turns }: StepPlan, step: number): void {
  const learners = network.learners.filter((_, block) => turns[block]?.mode === "learning");
  if (learners.some(({ counters }) => !counters.stopped)) return;
  const skippedSteps = Math.min(...learners.map(({ counters }) => counters.skippedSteps));
  const block = learners.map(({ definition }) => definition.id).join(", ");
  throw new NonFiniteValueError(
    `At step ${step} no block is learning any more (${block}): the loss or a gradient was not finite too many times in a row. ` +
      "Lower the learning rate, lengthen the warm-up, or look for broken images.",
    { block, step, skippedSteps },
  );
}
