import { createTrainer, type TrainingResult } from "@blockwise/core";
import type { TrainerCallbackV1 } from "@blockwise/spec";
import type { Reporter } from "../progress/reporter.js";
import { stepLog } from "../progress/step-log.js";
import { writeInputRecord } from "./input-record.js";
import type { OpenedRun } from "./open-run.js";
import { readJsonIfThere, runFolder, writeJson } from "./run-folder.js";

/** `training.json`: how training went, over all the times it was resumed. */
export interface TrainingRecord {
  readonly complete: boolean;
  readonly step: number;
  readonly stepCount: number;
  readonly seconds: number;
  readonly pairsPerSecond: number;
  /** The most memory that the process ever held, in bytes. */
  readonly peakMemoryBytes: number;
  readonly dataWaitShare: number;
  readonly skippedSteps: Readonly<Record<string, number>>;
  readonly engine: string;
}

/**
 * Trains a run in its folder: log, checkpoints, and a record at the end. With `resume` it goes on from the newest
 * checkpoint, or begins if there is none.
 */
export async function trainRun(
  { config, engine, data, plugins }: OpenedRun,
  options: {
    readonly name: string;
    readonly folder: string;
    readonly resume: boolean;
    readonly reporter: Reporter;
    readonly signal: AbortSignal;
  },
): Promise<TrainingRecord> {
  const { name, resume, reporter, signal } = options;
  const files = runFolder(options.folder);
  const trainer = createTrainer({
    ...plugins,
    engine,
    partition: config.partition,
    noise: config.noise,
    source: data.train,
    augmentation: plugins.trainingViews,
    batchSize: config.batchSize,
    epochs: config.epochs,
    maxSteps: config.maxSteps,
    seed: config.seed,
    ...(config.workers === null ? {} : { workers: config.workers }),
    callbacks: [stepLog(files.log), reportTo(reporter, name)],
    checkpoints: { directory: files.checkpoints, ...config.checkpoints },
    signal,
  });
  const { statistics, classCount } = data;
  const description = data.train.description;
  try {
    await writeInputRecord(options.folder, { ...statistics, classCount, description });
    if (resume) await trainer.resume("latest");
    const before = resume ? await readJsonIfThere<TrainingRecord>(files.training) : null;
    const result = await trainer.run();
    const record = toRecord(result, before, config.batchSize, engine.id);
    await writeJson(files.training, record);
    return record;
  } finally {
    trainer.dispose();
  }
}

function toRecord(
  result: TrainingResult,
  before: TrainingRecord | null,
  batchSize: number,
  engine: string,
): TrainingRecord {
  const seconds = result.seconds + (before?.seconds ?? 0);
  const peak = process.resourceUsage().maxRSS * 1024;
  return {
    complete: !result.interrupted,
    step: result.step,
    stepCount: result.stepCount,
    seconds,
    pairsPerSecond: seconds === 0 ? 0 : (result.step * batchSize) / seconds,
    peakMemoryBytes: Math.max(peak, before?.peakMemoryBytes ?? 0),
    dataWaitShare: result.dataWaitShare,
    skippedSteps: result.skippedSteps,
    engine,
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
    onCheckpoint: ({ step, path }) => reporter.report({ event: "checkpoint", run, step, path }),
    onRunEnd: ({ step, interrupted }) => reporter.report({ event: "end", run, step, interrupted }),
  };
}
