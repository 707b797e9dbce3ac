import { release } from "node:os";
import type { LossCurveV1, ResultsV1, RunNameV1, RunResultV1 } from "@blockwise/report";
import type { JsonObject } from "@blockwise/spec";
import type { ResolvedConfig } from "../config/schema.js";
import { type LoggedStep, readStepLog } from "../progress/step-log.js";
import type { EvaluationRecord } from "../run/evaluate-run.js";
import { readJsonIfThere, runFolder } from "../run/run-folder.js";
import type { TrainingRecord } from "../run/train-run.js";

/** What is known of the experiment beside what its runs have written. */
export interface ExperimentFacts {
  readonly config: ResolvedConfig;
  readonly dataset: string;
  readonly datasetDetails: JsonObject;
  readonly engine: string;
  readonly engineDescription: string;
  readonly pixels: { readonly top1: number; readonly protocol: JsonObject };
  readonly timings: Readonly<Record<string, number>>;
  readonly startedAt: string;
  readonly command: string;
  /** Runs by name and folder. */
  readonly runs: readonly { readonly name: RunNameV1; readonly folder: string }[];
}

/** Puts an experiment's results together from the files of its runs. */
export async function collectResults(facts: ExperimentFacts): Promise<ResultsV1> {
  const collected = await Promise.all(facts.runs.map(({ name, folder }) => collectRun(name, folder)));
  const protocol = collected.find(({ protocol }) => protocol !== null)?.protocol ?? {};
  return {
    schema: 1,
    dataset: facts.dataset,
    protocol: { ...protocol, pixels: facts.pixels.protocol },
    engine: facts.engine,
    seed: facts.config.seed,
    runs: collected.map(({ run }) => run),
    controls: { pixels: { top1: facts.pixels.top1 } },
    datasetDetails: facts.datasetDetails,
    engineDetails: { description: facts.engineDescription },
    settings: facts.config as unknown as JsonObject,
    timings: facts.timings,
    versions: { node: process.versions.node, system: `${process.platform} ${release()} ${process.arch}` },
    warnings: collected.flatMap(({ warnings }) => warnings),
    startedAt: facts.startedAt,
    command: facts.command,
  };
}

async function collectRun(
  name: RunNameV1,
  folder: string,
): Promise<{ readonly run: RunResultV1; readonly protocol: JsonObject | null; readonly warnings: string[] }> {
  const files = runFolder(folder);
  const training = await readJsonIfThere<TrainingRecord>(files.training);
  const evaluation = await readJsonIfThere<EvaluationRecord>(files.evaluation);
  const log = await readStepLog(files.log);
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
          lossCurve: lossCurves(log),
        };
  const warnings = Object.entries(training?.skippedSteps ?? {})
    .filter(([, skipped]) => skipped > 0)
    .map(
      ([block, skipped]) =>
        `${name}: ${block} skipped ${skipped} steps with a loss or gradient that was not finite.`,
    );
  return { run: { name, train, blocks }, protocol: evaluation?.protocol ?? null, warnings };
}

function lossCurves(log: readonly LoggedStep[]): readonly LossCurveV1[] {
  const blocks = Object.keys(log[0]?.loss ?? {});
  return blocks.map((block) => ({
    block,
    steps: log.map(({ step }) => step),
    loss: log.map(({ loss }) => loss[block] ?? null),
  }));
}
