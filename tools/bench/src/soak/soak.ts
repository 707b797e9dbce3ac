import type { EngineV1 } from "@blockwise/spec";
import type { Workload } from "../models.js";
import { readResidentMemory } from "../resident-memory.js";
import { prepareSteps } from "../time-steps.js";

/** Resident memory in the course of many steps. */
export interface SoakResult extends Workload {
  readonly engine: string;
  readonly steps: number;
  readonly samples: readonly MemorySample[];
  /** The line through the samples of the second half: how many bytes a step adds. */
  readonly bytesPerStep: number;
  /** What it adds over as many steps as were taken, over the mean of those samples. */
  readonly growth: number;
  /** Whether that is no more than {@link FLAT_SHARE}. */
  readonly isFlat: boolean;
  readonly pairsPerSecond: number;
}

/** What the process held after so many steps. */
export interface MemorySample {
  readonly step: number;
  readonly residentBytes: number;
}

/** Growth over a run that still counts as flat: allocators and the garbage collector move by more within a run. */
const FLAT_SHARE = 0.05;

const SAMPLES = 100;

/** Takes many steps and samples what the process holds. */
export function soak(workload: Workload, engine: EngineV1, steps: number): SoakResult {
  const { runStep, dispose } = prepareSteps(workload, engine, steps);
  const every = Math.max(1, Math.floor(steps / SAMPLES));
  const samples: MemorySample[] = [];
  const start = performance.now();
  for (let step = 1; step <= steps; step++) {
    runStep();
    if (step % every === 0) samples.push({ step, residentBytes: readResidentMemory().nowBytes });
  }
  const seconds = (performance.now() - start) / 1000;
  dispose();
  return {
    ...workload,
    engine: engine.id,
    steps,
    samples,
    ...judge(samples, steps),
    pairsPerSecond: (steps * workload.batch) / seconds,
  };
}

/** Fits a line to the second half of the samples; the first half is for pools to fill and code to be compiled. */
export function judge(
  samples: readonly MemorySample[],
  steps: number,
): Pick<SoakResult, "bytesPerStep" | "growth" | "isFlat"> {
  const half = samples.slice(Math.floor(samples.length / 2));
  const mean = (of: (sample: MemorySample) => number): number =>
    half.reduce((sum, sample) => sum + of(sample), 0) / half.length;
  const step = mean((sample) => sample.step);
  const resident = mean(({ residentBytes }) => residentBytes);
  const spread = mean((sample) => (sample.step - step) ** 2);
  const covariance = mean((sample) => (sample.step - step) * (sample.residentBytes - resident));
  const bytesPerStep = spread === 0 ? 0 : covariance / spread;
  const growth = (bytesPerStep * steps) / resident;
  return { bytesPerStep, growth, isFlat: growth <= FLAT_SHARE };
}

/** Lines for people. */
export function describeSoak({ samples, ...result }: SoakResult): string {
  const { model, batch, size, engine, steps, bytesPerStep, growth, isFlat, pairsPerSecond } = result;
  const tenths = samples.filter(
    (_, index) => (index + 1) % Math.max(1, Math.floor(samples.length / 10)) === 0,
  );
  return [
    `${model}, batch ${batch}, ${size} px, ${engine}: ${steps} steps at ${pairsPerSecond.toFixed(1)} pairs/s`,
    `resident, MiB: ${tenths.map(({ step, residentBytes }) => `${mebibytes(residentBytes)} (${step})`).join(", ")}`,
    `second half: ${bytesPerStep.toFixed(0)} bytes a step, ${(100 * growth).toFixed(1)} % over ${steps} steps: ${isFlat ? "flat" : "NOT FLAT"}`,
  ].join("\n");
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
