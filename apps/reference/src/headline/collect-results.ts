import { release } from "node:os";
import type { OnlineReadingV1 } from "@blockwise/evaluate";
import type { ResultsV1, RunNameV1, RunResultV1 } from "@blockwise/report";
import type { JsonObject } from "@blockwise/spec";
import { readJsonLines, readStepLog } from "@blockwise/watch";
import { readRobustness } from "../experiment/robustness-result.js";
import { type RunOutcome, readOutcome } from "../experiment/run-result.js";
import type { PixelScore } from "../experiment/score-pixels.js";
import type { OpenedRun } from "../run/open-run.js";
import { runFolder } from "../run/run-folder.js";
import { lossCurves } from "./loss-curves.js";
import { onlineCurves } from "./online-curves.js";

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
    protocol: {
      ...protocol,
      pixels: facts.pixels.protocol,
      ...protocolsByRun(collected),
    },
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

/** How runs were judged on corrupted images and compared, by protocol and run: each may have settings of its own. */
function protocolsByRun(
  collected: readonly { readonly run: RunResultV1; readonly robustness: JsonObject }[],
): JsonObject {
  const names = [...new Set(collected.flatMap(({ robustness }) => Object.keys(robustness)))];
  return Object.fromEntries(
    names.map((name) => [
      name,
      Object.fromEntries(
        collected.flatMap(({ run, robustness }) => {
          const protocol = robustness[name];
          return protocol === undefined ? [] : [[run.name, protocol]];
        }),
      ),
    ]),
  );
}

async function collectRun(
  name: RunNameV1,
  folder: string,
): Promise<RunOutcome & { readonly run: RunResultV1; readonly robustness: JsonObject }> {
  const outcome = await readOutcome(name, folder);
  const { train, blocks } = outcome;
  const lossCurve = lossCurves(await readStepLog(runFolder(folder).log));
  const { results, protocol: robustness } = await readRobustness(folder);
  const onlineCurve = onlineCurves(await readJsonLines<OnlineReadingV1>(runFolder(folder).online));
  const online = onlineCurve.length === 0 ? {} : { onlineCurve };
  const trained = train === null ? null : { ...train, lossCurve, ...online };
  return { ...outcome, run: { name, train: trained, blocks, ...results }, robustness };
}
