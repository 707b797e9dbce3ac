import { release } from "node:os";
import type { LossCurveV1, ResultsV1, RunNameV1, RunResultV1 } from "@blockwise/report";
import type { JsonObject } from "@blockwise/spec";
import type { EvaluationRecord } from "../evaluation/probes.js";
import type { PixelScore } from "../experiment/score-pixels.js";
import { type LoggedStep, readStepLog } from "../progress/step-log.js";
import type { OpenedRun } from "../run/open-run.js";
import { readJsonIfThere, runFolder } from "../run/run-folder.js";
import type { TrainingRecord } from "../run/train-run.js";

/** What is known of the experiment beside what its runs have written. */
export interface ExperimentFacts {
  /** The experiment's images, engine and configuration. */
  readonly run: OpenedRun;
  readonly pixels: PixelScore;
  /** How long it all took; null when it was resumed, so that nobody has measured it. */
  readonly seconds: number | null;
  readonly startedAt: string;
  readonly command: string;
  /** How many shared the machine: it bears on their throughput. */
  readonly runsAtATime: number;
  /** Runs by name and folder. */
  readonly runs: readonly { readonly name: RunNameV1; readonly folder: string }[];
}

/** Puts an experiment's results together from the files of its runs. */
export async function collectResults(facts: ExperimentFacts): Promise<ResultsV1> {
  const { config, engine, data } = facts.run;
  const { dataset, train } = data;
  const collected = await Promise.all(facts.runs.map(({ name, folder }) => collectRun(name, folder)));
  const protocol = collected.find(({ protocol }) => protocol !== null)?.protocol ?? {};
  return {
    schema: 1,
    dataset: dataset.name,
    protocol: { ...protocol, pixels: facts.pixels.protocol },
    engine: engine.id,
    seed: config.seed,
    runs: collected.map(({ run }) => run),
    controls: { pixels: { top1: facts.pixels.top1 } },
    datasetDetails: {
      origin: dataset.origin,
      why: dataset.why,
      train: train.description,
      trainImages: train.size,
      classNames: train.classNames ?? [],
    },
    engineDetails: { description: engine.description, runsAtATime: facts.runsAtATime },
    settings: config as unknown as JsonObject,
    timings: Object.fromEntries([
      ...collected.flatMap(({ timings }) => timings),
      ["pixels", facts.pixels.seconds],
      ...(facts.seconds === null ? [] : [["total", facts.seconds]]),
    ]),
    versions: { node: process.versions.node, system: `${process.platform} ${release()} ${process.arch}` },
    warnings: collected.flatMap(({ warnings }) => warnings),
    startedAt: facts.startedAt,
    command: facts.command,
  };
}

interface CollectedRun {
  readonly run: RunResultV1;
  readonly protocol: JsonObject | null;
  readonly warnings: readonly string[];
  readonly timings: readonly (readonly [string, number])[];
}

async function collectRun(name: RunNameV1, folder: string): Promise<CollectedRun> {
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
  const timings = [
    ...(training === null ? [] : [[`training ${name}`, training.seconds] as const]),
    ...(evaluation === null ? [] : [[`probing ${name}`, evaluation.seconds] as const]),
  ];
  return { run: { name, train, blocks }, protocol: evaluation?.protocol ?? null, warnings, timings };
}

function lossCurves(log: readonly LoggedStep[]): readonly LossCurveV1[] {
  const blocks = Object.keys(log[0]?.loss ?? {});
  return blocks.map((block) => ({
    block,
    steps: log.map(({ step }) => step),
    loss: log.map(({ loss }) => loss[block] ?? null),
  }));
}
