import { describeCosts, stepNetwork } from "@blockwise/core";
import type { EngineV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { buildModel, randomViews, type Workload } from "./models.js";

/** What `npm run bench -- --json` prints. */
export interface BenchResult extends Workload {
  readonly pairsPerSecond: number;
  readonly stepMsMedian: number;
  /** The most memory that the whole process ever held, in bytes. */
  readonly peakMemoryBytes: number;
  /** What the process held after a third of the steps and after the last one, in bytes: far apart, something leaks. */
  readonly residentBytes: { readonly third: number; readonly last: number };
  /** Convolutions and linear maps, three times their forward pass (forward and two gradients), over the median step. */
  readonly gflopsPerSecond: number;
  readonly engine: string;
  readonly steps: number;
}

/** Times full training steps on the same random images, after two steps to warm up. */
export function timeSteps(workload: Workload, engine: EngineV1, steps: number): BenchResult {
  const network = buildModel(workload, engine);
  const views = randomViews(workload);
  const runStep = (step: number): number => {
    const start = performance.now();
    stepNetwork(network, {
      views,
      labels: null,
      step,
      stepCount: steps + warmUp,
      learningRate: 0.01,
      seed: 0,
    });
    return performance.now() - start;
  };
  for (let step = 0; step < warmUp; step++) runStep(step);
  let third = process.memoryUsage.rss();
  const times = Array.from({ length: steps }, (_, step) => {
    const time = runStep(warmUp + step);
    if (step === Math.floor(steps / 3)) third = process.memoryUsage.rss();
    return time;
  });
  const flops = describeCosts(network.options).reduce((sum, { flopsPerStep }) => sum + flopsPerStep, 0);
  const stepMsMedian = median(times);
  const residentBytes = { third, last: process.memoryUsage.rss() };
  tf.dispose([...views]);
  network.dispose();
  return {
    ...workload,
    pairsPerSecond: (workload.batch / stepMsMedian) * 1000,
    stepMsMedian,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    residentBytes,
    gflopsPerSecond: flops / stepMsMedian / 1e6,
    engine: engine.id,
    steps,
  };
}

const warmUp = 2;

/** The middle value; the upper one of two. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
