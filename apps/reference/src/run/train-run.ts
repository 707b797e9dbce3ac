import {
  createTrainer,
  type FrozenOutputsCounts,
  latestCheckpoint,
  type Trainer,
  type TrainerOptions,
  type TrainingResult,
} from "@blockwise/core";
import { CheckpointError, type TrainerCallbackV1 } from "@blockwise/spec";
import { progressLog, stepLog } from "@blockwise/watch";
import type { Reporter } from "../progress/reporter.js";
import { watchHealth } from "../progress/watch-health.js";
import { writeInputRecord } from "./input-record.js";
import { describeBroken, type InputReport, toInputReport } from "./input-report.js";
import { networkRecipe } from "./network-recipe.js";
import { openOnlineProbe } from "./online-probe.js";
import type { OpenedRun } from "./open-run.js";
import { recordImages } from "./record-images.js";
import { beginRun, makeFolder, readJsonIfThere, runFolder, writeJson } from "./run-folder.js";
import { lockRun } from "./run-lock.js";
import { openTensorboard } from "./tensorboard.js";

/** `training.json`: how training went, over all the times it was resumed. */
export interface TrainingRecord {
  readonly complete: boolean;
  readonly step: number;
  readonly stepCount: number;
  readonly seconds: number;
  /** The steps that `seconds` were spent on: without those whose time was lost when the process was killed. */
  readonly timedSteps: number;
  readonly pairsPerSecond: number;
  /** The most memory that the process ever held, in bytes. */
  readonly peakMemoryBytes: number;
  readonly dataWaitShare: number;
  readonly input: InputReport;
  readonly skippedSteps: Readonly<Record<string, number>>;
  readonly engine: string;
  /** The threads that blocks learnt in, and how busy they were, since the run was last resumed; null where there were none. */
  readonly blockWorkers: TrainingResult["blockWorkers"];
  /** What came of keeping frozen outputs, since the run was last resumed; null where none were kept. */
  readonly frozenOutputs: FrozenOutputsCounts | null;
}

/**
 * Trains a run in its folder: log, checkpoints, and a record at the end. With `resume` it goes on from the newest
 * checkpoint, or begins if there is none.
 *
 * @throws InvalidOptionError where another process trains it; StorageError, CheckpointError, and what training throws
 */
export async function trainRun(
  run: OpenedRun,
  options: {
    readonly name: string;
    readonly folder: string;
    readonly resume: boolean;
    readonly reporter: Reporter;
    readonly signal: AbortSignal;
    /** Where event files for TensorBoard go beside what the configuration says. @default null */
    readonly tensorboard?: string | null;
  },
): Promise<TrainingRecord> {
  const { config, engine, data } = run;
  const { name, folder, resume, signal } = options;
  const files = runFolder(folder);
  const tensorboard = openTensorboard(run, folder, options.tensorboard ?? null);
  const reporter = tensorboard?.listen(options.reporter) ?? options.reporter;
  const online = openOnlineProbe(run, () => trainer.network, { folder, name, reporter });
  const watch = watchHealth(
    (block) => trainer.network.learners.find(({ definition }) => definition.id === block)?.definition,
    (message) => reporter.report({ event: "note", message: `${name}: ${message}` }),
  );
  // Wired first: a configuration that cannot be trained leaves nothing behind.
  const trainer = createTrainer({
    ...wiring(run),
    ...(config.workers === null ? {} : { workers: config.workers }),
    callbacks: [
      stepLog(files.log, watch),
      progressLog(files.progress, { batchSize: config.batchSize }),
      ...(online?.callbacks ?? []),
      ...recordImages(run, () => trainer.network, folder),
      // After the pairs have been recorded, which it takes over.
      ...(tensorboard?.callbacks ?? []),
      reportTo(reporter, name),
    ],
    checkpoints: { directory: files.checkpoints, ...config.checkpoints },
    frozenOutputs: config.frozenOutputs && {
      directory: files.frozenOutputs,
      budgetBytes: Math.floor(config.frozenOutputs.budgetGiB * 2 ** 30),
    },
    signal,
  });
  const { statistics, classCount } = data;
  const description = data.train.description;
  let lock: Awaited<ReturnType<typeof lockRun>> | null = null;
  try {
    // First: no run begins that could not be written to there.
    if (options.tensorboard) await makeFolder(options.tensorboard, "--tensorboard");
    await makeFolder(folder);
    if (!resume) await beginRun(folder, config);
    lock = await lockRun(folder);
    await writeInputRecord(folder, { ...statistics, classCount, description });
    const startStep = resume ? await goOn(trainer) : 0;
    if (online !== null && startStep > 0 && !(await online.resume(await latestCheckpoint(files.checkpoints))))
      reporter.report({
        event: "note",
        message: "evaluation.online: nothing of it was saved, so it begins anew",
      });
    const before = resume ? await readJsonIfThere<TrainingRecord>(files.training) : null;
    const result = await trainer.run();
    await tensorboard?.settle();
    const record = toRecord({ ...result, startStep }, before, config.batchSize, engine.id);
    await writeJson(files.training, record);
    const broken = describeBroken(record.input.broken);
    if (broken !== null) reporter.report({ event: "note", message: broken });
    return record;
  } finally {
    online?.dispose();
    trainer.dispose();
    lock?.release();
  }
}

/** Goes on from the newest checkpoint; one that cannot be read is never passed over in silence. */
async function goOn(trainer: Trainer): Promise<number> {
  try {
    return await trainer.resume("latest");
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    throw new CheckpointError(
      `${error.message} To go on from the checkpoint before it, remove ${error.path} and use --resume again.`,
      { path: error.path },
      { cause: error },
    );
  }
}

/** Wires a run as training will, so that its mistakes show before anything is written. @throws BlockwiseError */
export function checkRun(run: OpenedRun): void {
  createTrainer({ ...wiring(run), workers: 0 }).dispose();
}

function wiring({ config, engine, data, plugins }: OpenedRun): TrainerOptions {
  const { blockWorkers, batchWorkers } = config;
  const recipe = networkRecipe({ config, engine, statistics: data.statistics });
  return {
    ...plugins,
    engine,
    partition: config.partition,
    timetable: config.timetable,
    source: data.train,
    augmentation: plugins.trainingViews,
    batchSize: config.batchSize,
    epochs: config.epochs,
    maxSteps: config.maxSteps,
    seed: config.seed,
    meters: config.meters,
    blockWorkers: blockWorkers === null ? null : { placement: blockWorkers, recipe },
    batchWorkers: batchWorkers === null ? null : { count: batchWorkers, recipe },
  };
}

/** What a run has come to, over all the times it was resumed. */
export function toRecord(
  result: TrainingResult & { readonly startStep: number },
  before: TrainingRecord | null,
  batchSize: number,
  engine: string,
): TrainingRecord {
  const seconds = result.seconds + (before?.seconds ?? 0);
  const timedSteps = result.step - result.startStep + (before?.timedSteps ?? 0);
  const peak = process.resourceUsage().maxRSS * 1024;
  return {
    complete: !result.interrupted,
    step: result.step,
    stepCount: result.stepCount,
    seconds,
    timedSteps,
    pairsPerSecond: seconds === 0 ? 0 : (timedSteps * batchSize) / seconds,
    peakMemoryBytes: Math.max(peak, before?.peakMemoryBytes ?? 0),
    // Of the whole time: a run that is complete already, or resumed, has waited before.
    dataWaitShare:
      seconds === 0
        ? 0
        : (result.dataWaitShare * result.seconds + (before?.dataWaitShare ?? 0) * (before?.seconds ?? 0)) /
          seconds,
    input: toInputReport(result.input, before?.input ?? null),
    skippedSteps: result.skippedSteps,
    engine,
    blockWorkers: result.blockWorkers ?? before?.blockWorkers ?? null,
    frozenOutputs: result.frozenOutputs,
  };
}

function reportTo(reporter: Reporter, run: string): TrainerCallbackV1 {
  return {
    specificationVersion: "v1",
    kind: "callback",
    id: "report",
    options: {},
    onRunStart: ({ startStep, stepCount }) =>
      reporter.report({ event: "start", run, step: startStep, stepCount }),
    onStepEnd: (event) => reporter.report({ event: "step", run, ...event }),
    onNote: ({ message }) => reporter.report({ event: "note", run, message }),
    onCheckpoint: ({ step, path }) => reporter.report({ event: "checkpoint", run, step, path }),
    onRunEnd: ({ step, interrupted }) => reporter.report({ event: "end", run, step, interrupted }),
  };
}
