import type { RunResultV1, TrainResultV1 } from "@blockwise/report";
import type { JsonObject } from "@blockwise/spec";
import { readStepLog } from "@blockwise/watch";
import type { EvaluationRecord } from "../evaluation/probes.js";
import { readJsonIfThere, runFolder } from "../run/run-folder.js";
import type { TrainingRecord } from "../run/train-run.js";

/** What the files of a run's folder say about it. */
export interface RunOutcome {
  readonly train: TrainResultV1 | null;
  readonly blocks: RunResultV1["blocks"];
  /** Null where the run has not been scored. */
  readonly protocol: JsonObject | null;
  readonly warnings: readonly string[];
  /** Seconds by phase. */
  readonly timings: readonly (readonly [string, number])[];
}

/** Reads what a run has come to; `name` is what its phases and warnings are told by. */
export async function readOutcome(name: string, folder: string): Promise<RunOutcome> {
  const files = runFolder(folder);
  const training = await readJsonIfThere<TrainingRecord>(files.training);
  const evaluation = await readJsonIfThere<EvaluationRecord>(files.evaluation);
  const blocks = (evaluation?.blocks ?? []).map(({ block, linearProbe, knn, collapse }) => {
    const { dim, ...indicators } = collapse.raw;
    return { block, linearProbe, knn, collapse: { ...indicators, dimension: dim } };
  });
  const train =
    training === null
      ? null
      : {
          steps: training.step,
          seconds: training.seconds,
          pairsPerSecond: training.pairsPerSecond,
          peakMemoryBytes: training.peakMemoryBytes,
          dataWaitShare: training.dataWaitShare,
          ...(training.blockWorkers == null ? {} : { blockWorkers: training.blockWorkers }),
        };
  const skips = Object.entries(training?.skippedSteps ?? {})
    .filter(([, skipped]) => skipped > 0)
    .map(
      ([block, skipped]) => `${block} skipped ${skipped} steps with a loss or gradient that was not finite.`,
    );
  const health = await loggedWarnings(files.log);
  const warnings = [...skips, ...health].map((message) => `${name}: ${message}`);
  const timings = [
    ...(training === null ? [] : [[`training ${name}`, training.seconds] as const]),
    ...(evaluation === null ? [] : [[`probing ${name}`, evaluation.seconds] as const]),
  ];
  return { train, blocks, protocol: evaluation?.protocol ?? null, warnings, timings };
}

/** What a run's log warns of, once by block and kind: a run that was resumed may have been told twice. */
async function loggedWarnings(log: string): Promise<readonly string[]> {
  const messages = new Map<string, string>();
  for (const { step, warnings = [] } of await readStepLog(log)) {
    for (const { block, kind, message } of warnings) {
      const name = `${kind} ${block}`;
      if (!messages.has(name)) messages.set(name, `at step ${step}, ${message}`);
    }
  }
  return [...messages.values()];
}
