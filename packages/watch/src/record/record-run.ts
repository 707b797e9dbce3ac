import type { TrainerCallbackV1 } from "@blockwise/spec";
import { progressLog } from "./progress-log.js";
import { runFiles } from "./run-files.js";
import { stepLog } from "./step-log.js";

/** Options of {@link recordRun}. */
export interface RecordRunOptions {
  /** The run's folder, which must be there. */
  readonly folder: string;
  /** Images a step. */
  readonly batchSize: number;
}

/**
 * Callbacks that write into a run's folder what the live page shows of every run: losses and their terms, health, speed and
 * memory. They change nothing about the run.
 *
 * @throws InvalidOptionError unless `batchSize` is a whole number above 0.
 * @example
 * const trainer = createTrainer({ ...options, callbacks: recordRun({ folder: "runs/mine", batchSize: 128 }) });
 */
export function recordRun({ folder, batchSize }: RecordRunOptions): readonly TrainerCallbackV1[] {
  const files = runFiles(folder);
  return [stepLog(files.log), progressLog(files.progress, { batchSize })];
}
