import { describeCosts } from "@blockwise/core";
import { describeModel, type Workload } from "../models.js";
import { median } from "../time-steps.js";
import type { MeasuredProcess } from "./measured-process.js";
import { listSides, type SideName, type SidesPlan } from "./sides.js";
import type { GemmRate, StepsReady, StepTimes } from "./step-protocol.js";

/** How to compare. */
export interface ComparisonPlan extends SidesPlan {
  /** Timed steps a side in each round. */
  readonly steps: number;
  readonly rounds: number;
}

/** One side of a comparison. */
export interface ComparedSide extends StepsReady {
  readonly side: SideName;
  /** Of all rounds' medians, the median. */
  readonly pairsPerSecond: number;
  readonly stepMsMedian: number;
  /** By the same count for all sides: convolutions and linear maps, three times their forward pass. */
  readonly gflopsPerSecond: number;
  /** Best rate of a matrix product on this side. */
  readonly gemmGflopsPerSecond: number;
  /** `gflopsPerSecond` over this side's own matrix product. */
  readonly shareOfOwnGemm: number;
  /** `gflopsPerSecond` over the fastest matrix product of all sides. */
  readonly shareOfBestGemm: number;
  /** What steps take beyond what is there before the first one, in bytes. */
  readonly stepMemoryBytes: number;
  /** Our pairs a second over this side's, round by round: median, least and most; 1 for ours. */
  readonly ratio: { readonly median: number; readonly least: number; readonly most: number };
}

/** What `--compare torch --json` prints. */
export interface TorchComparison extends Workload, Omit<ComparisonPlan, "ourWords"> {
  /** Ours first. */
  readonly sides: readonly ComparedSide[];
}

/**
 * Times ours and PyTorch's orders in turn, round by round, each in a process of its own that waits while another is timed.
 *
 * @param note - told of each round
 * @throws EngineUnavailableError when a process cannot do its steps.
 */
export async function compareTorch(
  workload: Workload,
  plan: ComparisonPlan,
  note: (line: string) => void = () => undefined,
): Promise<TorchComparison> {
  const runs: Run[] = [];
  const started: MeasuredProcess[] = [];
  try {
    for (const { side, start } of listSides(workload, plan)) {
      const run = { side, process: start(), rounds: [], gemm: 0 };
      started.push(run.process);
      const ready = await run.process.ask<StepsReady>(null);
      runs.push({ ...run, ready });
      note(ready.description);
    }
    for (let round = 0; round < plan.rounds; round++) {
      for (const run of runs) {
        const { stepMs } = await run.process.ask<StepTimes>(`steps ${plan.steps}`);
        run.rounds.push(median(stepMs));
        const { gflopsPerSecond } = await run.process.ask<GemmRate>("gemm");
        run.gemm = Math.max(run.gemm, gflopsPerSecond);
      }
      const times = runs.map(({ rounds }) => `${rounds.at(-1)?.toFixed(0)} ms`);
      note(`round ${round + 1} of ${plan.rounds}: ${times.join(", ")}`);
    }
  } finally {
    for (const process of started) await process.close();
  }
  const { ourWords: _, ...told } = plan;
  return { ...workload, ...told, sides: describeSides(workload, runs) };
}

interface Run {
  readonly side: SideName;
  readonly process: MeasuredProcess;
  readonly ready: StepsReady;
  /** Median milliseconds of each round's steps. */
  readonly rounds: number[];
  gemm: number;
}

function describeSides(workload: Workload, runs: readonly Run[]): readonly ComparedSide[] {
  const flops = describeCosts(describeModel(workload)).reduce((sum, cost) => sum + cost.flopsPerStep, 0);
  const [ours] = runs;
  const bestGemm = Math.max(...runs.map(({ gemm }) => gemm));
  return runs.map(({ side, ready, rounds, gemm }) => {
    const stepMsMedian = median(rounds);
    const gflopsPerSecond = flops / stepMsMedian / 1e6;
    const ratios = rounds.map((milliseconds, round) => milliseconds / (ours?.rounds[round] as number));
    return {
      ...ready,
      side,
      pairsPerSecond: (workload.batch / stepMsMedian) * 1000,
      stepMsMedian,
      gflopsPerSecond,
      gemmGflopsPerSecond: gemm,
      shareOfOwnGemm: gflopsPerSecond / gemm,
      shareOfBestGemm: gflopsPerSecond / bestGemm,
      stepMemoryBytes: ready.memory.peakBytes - ready.memory.beforeBytes,
      ratio: { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) },
    };
  });
}
