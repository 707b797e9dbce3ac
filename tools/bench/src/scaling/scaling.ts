import { resnet } from "@blockwise/backbone-resnet";
import type { EngineV1 } from "@blockwise/spec";
import { compareThreads } from "../block-workers/block-workers-command.js";
import { type ModelChanges, models, type Workload } from "../models.js";
import { median, prepareSteps, WARM_UP } from "../time-steps.js";

/** One point of a series. */
export interface ScalingPoint {
  /** What varies. */
  readonly value: number;
  readonly pairsPerSecond: number;
  readonly gflopsPerSecond: number;
}

/** How speed goes with one property of the work while the others stay. */
export interface ScalingSeries {
  readonly property: "batch" | "width" | "blocks" | "workers";
  readonly points: readonly ScalingPoint[];
}

/** What is tried; blocks have the same number of units each. */
const BATCHES = [8, 32, 128];
const WIDTHS = [8, 16, 32, 64];
const BLOCKS = [1, 2, 4];
/** Threads that the stages, a block each, learn in; with one, the trainer's own. */
const WORKERS = [1, 2];

/** Times steps over batches, widths of the stem, numbers of blocks of the same units, and threads that blocks learn in. */
export async function measureScaling(
  workload: Workload,
  engine: EngineV1,
  steps: number,
): Promise<readonly ScalingSeries[]> {
  const time = (value: number, changed: Workload, changes: ModelChanges): ScalingPoint => {
    const { flopsPerStep, runStep, dispose } = prepareSteps(changed, engine, steps + WARM_UP, changes);
    for (let step = 0; step < WARM_UP; step++) runStep();
    const milliseconds = median(Array.from({ length: steps }, runStep));
    dispose();
    return {
      value,
      pairsPerSecond: (changed.batch / milliseconds) * 1000,
      gflopsPerSecond: flopsPerStep / milliseconds / 1e6,
    };
  };
  const { backbone } = models[workload.model];
  return [
    { property: "batch", points: BATCHES.map((batch) => time(batch, { ...workload, batch }, {})) },
    {
      property: "width",
      points: WIDTHS.map((width) => time(width, workload, { backbone: resnet({ ...backbone, width }) })),
    },
    { property: "blocks", points: BLOCKS.map((blocks) => time(blocks, workload, { partition: blocks })) },
    { property: "workers", points: await timeWorkers(workload, engine, steps) },
  ];
}

/** By the clock of whole runs, from the second step to the last, since threads work at several steps at a time. */
async function timeWorkers(
  workload: Workload,
  engine: EngineV1,
  steps: number,
): Promise<readonly ScalingPoint[]> {
  const { flopsPerStep, dispose } = prepareSteps(workload, engine, 1, { partition: "stages" });
  dispose();
  const run = { workload, engine, partition: "stages", steps: steps + WARM_UP, loaderThreads: null } as const;
  const threads = WORKERS.filter((count) => count > 1);
  const results = await compareThreads(run, threads, 1);
  return results.map(({ pairsPerSecond }, index) => ({
    value: WORKERS[index] ?? Number.NaN,
    pairsPerSecond,
    gflopsPerSecond: (flopsPerStep * pairsPerSecond) / workload.batch / 1e9,
  }));
}

/** A table for people. */
export function scalingTable(series: readonly ScalingSeries[]): string {
  return series
    .flatMap(({ property, points }) =>
      points.map(
        ({ value, pairsPerSecond, gflopsPerSecond }) =>
          `${property.padEnd(7)} ${String(value).padStart(4)}  ${pairsPerSecond.toFixed(1).padStart(7)} pairs/s  ` +
          `${gflopsPerSecond.toFixed(1).padStart(6)} GFLOP/s`,
      ),
    )
    .join("\n");
}
