import type { Partition } from "@blockwise/core";
import { createEngine, type EngineName } from "@blockwise/engine";
import type { EngineV1 } from "@blockwise/spec";
import { type Command, Option } from "commander";
import type { Workload } from "../models.js";
import { median } from "../time-steps.js";
import { type Share, type ThreadedRun, type ThreadedWork, timeThreadedRun } from "./time-block-workers.js";

interface BlockWorkersFlags {
  readonly workers: readonly number[];
  readonly batchWorkers: readonly number[];
  readonly partition: "stages" | "units";
  readonly steps: number;
  readonly rounds: number;
  readonly augment?: number;
  readonly json?: true;
}

/** What the command says of one number of threads; 0 stands for the trainer's own. */
export interface ThreadsResult {
  readonly threads: number;
  /** What they share out. */
  readonly share: Share;
  readonly pairsPerSecond: number;
  /** Over the rounds. */
  readonly range: readonly [number, number];
  /** Of the same round's rate in the trainer's own thread: median. */
  readonly ratio: number;
  /**
   * Whether all values after the last step are those of the trainer's own thread, bit for bit; with parts of a batch, which
   * differ from those by rounding, those of the first round.
   */
  readonly sameWeights: boolean;
  readonly dataWaitShare: number;
  readonly busy: ThreadedRun["threads"];
}

/** Adds the command that times blocks in threads of their own beside one thread. */
export function addBlockWorkersCommand<Flags extends { readonly engine: EngineName }>(
  program: Command,
  addWorkload: (command: Command) => Command,
  workloadOf: (flags: Flags) => Workload,
  wholeNumber: (option: string) => (text: string) => number,
): void {
  addWorkload(program.command("block-workers"))
    .description("Time blocks in threads of their own beside the same run in one thread, in turn.")
    .option("--workers <counts>", "threads: 1,2", counts(wholeNumber("workers")), [1, 2])
    .option(
      "--batch-workers <counts>",
      "threads that each have a part of a batch: 2",
      counts(wholeNumber("batch-workers")),
      [],
    )
    .addOption(new Option("--partition <blocks>").choices(["stages", "units"]).default("units"))
    .option("--steps <count>", "steps of each run, two of which warm up", wholeNumber("steps"), 20)
    .option("--rounds <count>", "times each takes its turn", wholeNumber("rounds"), 3)
    .option("--augment <threads>", "make views as in the paper, in so many threads", wholeNumber("augment"))
    .option("--json", "print one JSON object")
    .action(async (flags: BlockWorkersFlags & Flags) => {
      const { partition, steps, augment = null, json, batchWorkers } = flags;
      const engine = await createEngine({ name: flags.engine });
      const workload = workloadOf(flags);
      const work = { workload, engine, partition, steps, loaderThreads: augment };
      const results = await compareThreads(work, flags.workers, flags.rounds, batchWorkers);
      console.log(
        json ? JSON.stringify({ ...workload, partition, steps, results }) : describe(work, engine, results),
      );
    });
}

/** Trains with each number of threads for blocks and for parts of a batch, and with none, in turn. */
export async function compareThreads(
  work: Omit<ThreadedWork, "partition"> & { readonly partition: Partition },
  threads: readonly number[],
  rounds: number,
  batchThreads: readonly number[] = [],
): Promise<readonly ThreadsResult[]> {
  const sharing = (share: Share) => (count: number) => ({ count, share, own: [] as ThreadedRun[] });
  const runs = [...[0, ...threads].map(sharing("blocks")), ...batchThreads.map(sharing("batch"))];
  for (let round = 0; round < rounds; round++) {
    for (const { count, share, own } of runs) own.push(await timeThreadedRun(work, count, share));
  }
  const alone = runs[0]?.own ?? [];
  return runs.map(({ count, share, own }) => {
    const [wanted] = share === "batch" ? own : alone;
    const rates = own.map(({ pairsPerSecond }) => pairsPerSecond);
    return {
      threads: count,
      share,
      pairsPerSecond: median(rates),
      range: [Math.min(...rates), Math.max(...rates)],
      ratio: median(rates.map((rate, round) => rate / (alone[round]?.pairsPerSecond ?? Number.NaN))),
      sameWeights: own.every(({ weights }) => wanted?.weights.equals(weights) === true),
      dataWaitShare: median(own.map(({ dataWaitShare }) => dataWaitShare)),
      busy: own.at(-1)?.threads ?? null,
    };
  });
}

function describe(work: ThreadedWork, engine: EngineV1, results: readonly ThreadsResult[]): string {
  const { model, batch, size } = work.workload;
  const lines = results.map((result) => {
    const { threads, share, pairsPerSecond, range, ratio, sameWeights, dataWaitShare, busy } = result;
    const weights = share === "batch" ? "same weights each round" : "same weights";
    const shares = (busy ?? []).map(
      ({ blocks, busyShare }) => `${blocks.length} blocks ${percent(busyShare)}`,
    );
    return (
      `${threads === 0 ? "one thread" : `${threads} for ${share === "batch" ? "parts of a batch" : "blocks"}`}: ${pairsPerSecond.toFixed(1)} pairs/s ` +
      `(${range.map((rate) => rate.toFixed(1)).join(" to ")}), ${ratio.toFixed(2)}x, ` +
      `${sameWeights ? weights : "OTHER WEIGHTS"}, waiting for data ${percent(dataWaitShare)}` +
      `${shares.length === 0 ? "" : `, busy: ${shares.join(", ")}`}`
    );
  });
  return [`${model}, batch ${batch}, ${size} px, ${work.steps} steps, ${engine.description}`, ...lines].join(
    "\n",
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function counts(read: (text: string) => number): (text: string) => readonly number[] {
  return (text) => text.split(",").map(read);
}
