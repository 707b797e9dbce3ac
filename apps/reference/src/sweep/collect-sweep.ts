import { join } from "node:path";
import type { SweepResultsV1, SweepRunV1 } from "@blockwise/report";
import type { JsonObject } from "@blockwise/spec";
import { readOutcome } from "../experiment/run-result.js";
import type { PixelScore } from "../experiment/score-pixels.js";
import type { OpenedRun } from "../run/open-run.js";
import type { SweepNetwork, SweepPlan } from "./expand-sweep.js";
import type { SweepFile } from "./sweep-file.js";

/** What is known of a sweep beside what its runs have written. */
export interface SweepFacts {
  readonly sweep: SweepFile;
  readonly plan: SweepPlan;
  /** The sweep's folder. */
  readonly folder: string;
  /** Any of its runs, for what all have in common. */
  readonly run: OpenedRun;
  /** One a seed. */
  readonly pixels: readonly PixelScore[];
  readonly runsAtATime: number;
  readonly startedAt: string;
  readonly command: string;
}

/** Where a network of a sweep keeps its files, relative to the sweep's folder. */
export function networkFolder({ folder }: SweepNetwork): string {
  return join("runs", folder);
}

/** Puts a sweep's results together from the files of its runs. */
export async function collectSweep(facts: SweepFacts): Promise<SweepResultsV1> {
  const { sweep, plan, folder, run } = facts;
  const outcomes = new Map(
    await Promise.all(
      plan.networks.map(
        async (network) =>
          [network, await readOutcome(network.folder, join(folder, networkFolder(network)))] as const,
      ),
    ),
  );
  const resultOf = (network: SweepNetwork): SweepRunV1 => ({
    seed: network.config.seed,
    folder: networkFolder(network),
    train: outcomes.get(network)?.train ?? null,
    blocks: outcomes.get(network)?.blocks ?? [],
  });
  const protocol = [...outcomes.values()].find(({ protocol }) => protocol !== null)?.protocol ?? {};
  return {
    schema: 1,
    title: sweep.title,
    ...(sweep.question === undefined ? {} : { question: sweep.question }),
    dataset: run.data.dataset.name,
    engine: run.engine.id,
    seeds: sweep.seeds,
    rows: plan.rows.map(({ name, options, networks, controls }) => ({
      name,
      options,
      runs: networks.map(resultOf),
      controls: Object.fromEntries(
        Object.entries(controls).map(([control, of]) => [control, of.map(resultOf)]),
      ),
    })),
    pixels: facts.pixels.map(({ top1 }) => ({ top1 })),
    protocol: { ...protocol, pixels: facts.pixels[0]?.protocol ?? {} },
    settings: { preset: sweep.preset, common: sweep.config, axes: sweep.axes } as unknown as JsonObject,
    warnings: [
      ...(sweep.seeds.length === 1
        ? ["There is one seed: how much of a difference is chance cannot be told from these numbers."]
        : []),
      ...[...outcomes.values()].flatMap(({ warnings }) => warnings),
    ],
    runsAtATime: facts.runsAtATime,
    startedAt: facts.startedAt,
    command: facts.command,
  };
}
