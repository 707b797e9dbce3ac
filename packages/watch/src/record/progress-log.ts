import {
  InvalidOptionError,
  type RunPhaseV1,
  type StepEventV1,
  type TrainerCallbackV1,
} from "@blockwise/spec";
import { appendJsonLine } from "./json-lines.js";

/** A line of a run's progress. Times are milliseconds since 1970; steps are those that are done. */
export type ProgressLine =
  | {
      readonly event: "start";
      readonly time: number;
      readonly step: number;
      readonly stepCount: number;
      readonly blocks: readonly string[];
    }
  | ({ readonly event: "progress"; readonly time: number } & ProgressReading)
  | { readonly event: "note"; readonly time: number; readonly step: number; readonly message: string }
  | { readonly event: "end"; readonly time: number; readonly step: number; readonly interrupted: boolean };

/** How far a run is, and how fast it was since the line before. */
export interface ProgressReading {
  /** Steps done. */
  readonly step: number;
  /** The epoch that it is in, from 0. */
  readonly epoch: number;
  /** Where a run stands whose blocks learn one after the other; null for others. */
  readonly phase: RunPhaseV1 | null;
  /** Images a second; a pair of views counts once. */
  readonly pairsPerSecond: number;
  /** Part of the time, from 0 to 1, that the trainer waited for data. */
  readonly dataWaitShare: number;
  /** An estimate from the speed so far; 0 after the last step. */
  readonly secondsLeft: number;
  /** What the process holds. */
  readonly memoryBytes: number;
}

/** Options of {@link progressLog}. */
export interface ProgressLogOptions {
  /** Images a step. */
  readonly batchSize: number;
  /** Milliseconds, from any moment on. @default performance.now */
  readonly clock?: () => number;
}

/** Lines come a second apart at first, and further apart the longer a run lasts: some 500 in a run, then one each 30 s. */
const shortestGapMs = 1000;
const longestGapMs = 30_000;
const linesOfARun = 500;

/**
 * Appends to `file` how far a run is, how fast, and what memory it holds, one JSON object a line, for whoever watches it.
 * Earlier lines stay where the run is resumed: those between two `start` lines belong together.
 *
 * @throws InvalidOptionError unless `batchSize` is a whole number above 0; StorageError, in the run, where the file cannot
 * be written.
 */
export function progressLog(file: string, options: ProgressLogOptions): TrainerCallbackV1 {
  const { batchSize, clock = () => performance.now() } = options;
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new InvalidOptionError({
      option: "batchSize",
      expected: "a whole number above 0",
      received: batchSize,
    });
  }
  let start = 0;
  let last = { at: 0, step: 0, waitedMs: 0 };

  const readingOf = (event: StepEventV1, at: number): ProgressReading => {
    const done = event.step + 1;
    const waitedMs = event.dataWaitShare * (at - start);
    const elapsedMs = Math.max(at - last.at, 1e-3);
    const reading = {
      step: done,
      epoch: event.epoch,
      phase: event.phase,
      pairsPerSecond: rounded(((done - last.step) * batchSize) / (elapsedMs / 1000)),
      dataWaitShare: rounded(Math.min(1, Math.max(0, (waitedMs - last.waitedMs) / elapsedMs))),
      secondsLeft: rounded(event.secondsLeft),
      memoryBytes: process.memoryUsage.rss(),
    };
    last = { at, step: done, waitedMs };
    return reading;
  };

  return {
    specificationVersion: "v1",
    kind: "callback",
    id: "progress-log",
    options: { batchSize },
    onRunStart: async ({ startStep, stepCount, blocks }) => {
      start = clock();
      last = { at: start, step: startStep, waitedMs: 0 };
      await appendJsonLine(file, { event: "start", time: Date.now(), step: startStep, stepCount, blocks });
    },
    onStepEnd: async (event) => {
      const at = clock();
      const gap = Math.min(longestGapMs, Math.max(shortestGapMs, (at - start) / linesOfARun));
      if (at - last.at < gap && event.step + 1 < event.stepCount) return;
      await appendJsonLine(file, { event: "progress", time: Date.now(), ...readingOf(event, at) });
    },
    onNote: ({ step, message }) => appendJsonLine(file, { event: "note", time: Date.now(), step, message }),
    onRunEnd: ({ step, interrupted }) =>
      appendJsonLine(file, { event: "end", time: Date.now(), step, interrupted }),
  };
}

function rounded(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : 0;
}
