import { describeCosts, stepNetwork } from "@blockwise/core";
import type { EngineV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { buildModel, type ModelChanges, randomViews, type Workload } from "./models.js";
import { readResidentMemory } from "./resident-memory.js";

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

/** A network and images, ready to train on. */
export interface PreparedSteps {
  /** Convolutions and linear maps of a step, three times their forward pass. */
  readonly flopsPerStep: number;
  /** Takes one step; returns its milliseconds. */
  runStep(): number;
  dispose(): void;
}

/** Builds a workload's network; each step has the same random images. */
export function prepareSteps(
  workload: Workload,
  engine: EngineV1,
  stepCount: number,
  changes: ModelChanges = {},
): PreparedSteps {
  const network = buildModel(workload, engine, changes);
  const views = randomViews(workload);
  let step = 0;
  return {
    flopsPerStep: describeCosts(network.options).reduce((sum, cost) => sum + cost.flopsPerStep, 0),
    runStep: () => {
      const start = performance.now();
      const place = { step, stepCount: Math.max(stepCount, step + 1) };
      stepNetwork(network, { views, labels: null, ...place, learningRate: 0.01, seed: 0 });
      step++;
      return performance.now() - start;
    },
    dispose: () => {
      tf.dispose([...views]);
      network.dispose();
    },
  };
}

/** Times full training steps on the same random images, after two steps to warm up. */
export function timeSteps(workload: Workload, engine: EngineV1, steps: number): BenchResult {
  const { flopsPerStep, runStep, dispose } = prepareSteps(workload, engine, steps + WARM_UP);
  for (let step = 0; step < WARM_UP; step++) runStep();
  let third = readResidentMemory().nowBytes;
  const times = Array.from({ length: steps }, (_, step) => {
    const time = runStep();
    if (step === Math.floor(steps / 3)) third = readResidentMemory().nowBytes;
    return time;
  });
  const stepMsMedian = median(times);
  const { nowBytes: last, peakBytes } = readResidentMemory();
  dispose();
  return {
    ...workload,
    pairsPerSecond: (workload.batch / stepMsMedian) * 1000,
    stepMsMedian,
    peakMemoryBytes: peakBytes,
    residentBytes: { third, last },
    gflopsPerSecond: flopsPerStep / stepMsMedian / 1e6,
    engine: engine.id,
    steps,
  };
}

/** Steps that are not timed: code is compiled, memory is taken. */
export const WARM_UP = 2;

/** The middle value; the upper one of two. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
