import { defaultMeters, type Network, stepNetwork } from "@blockwise/core";
import type { EngineV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { buildModel, randomViews, type Workload } from "./models.js";
import { median } from "./time-steps.js";

/** What measuring the health of all blocks costs. */
export interface MetersCost {
  /** A step without. */
  readonly stepMsMedian: number;
  /** How much longer a step with takes: the median over pairs of steps. */
  readonly extraMsMedian: number;
  /** Part of the time of training, from 0 to 1, at the default of one measurement in so many steps. */
  readonly share: number;
  readonly everySteps: number;
}

/** Times steps of two networks in turn, alike but for the meters, so that a busy machine slows both. */
export function timeMeters(workload: Workload, engine: EngineV1, steps: number): MetersCost {
  const networks = [null, { everySteps: 1 }].map((meters) => buildModel(workload, engine, { meters }));
  const views = randomViews(workload);
  const timeStep = (network: Network, step: number): number => {
    const start = performance.now();
    stepNetwork(network, { views, labels: null, step, stepCount: steps, learningRate: 0.01, seed: 0 });
    return performance.now() - start;
  };
  const pairs = Array.from({ length: steps + warmUp }, (_, step) =>
    networks.map((network) => timeStep(network, step)),
  ).slice(warmUp);
  tf.dispose([...views]);
  for (const network of networks) network.dispose();
  const stepMsMedian = median(pairs.map(([without = 0]) => without));
  const extraMsMedian = median(pairs.map(([without = 0, measured = 0]) => measured - without));
  const { everySteps } = defaultMeters;
  return { stepMsMedian, extraMsMedian, share: extraMsMedian / everySteps / stepMsMedian, everySteps };
}

const warmUp = 2;
