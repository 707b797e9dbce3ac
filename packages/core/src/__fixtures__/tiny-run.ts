import { barlowTwinsViews } from "@blockwise/augment";
import { warmupCosine } from "@blockwise/optim";
import type { EngineV1, TrainerCallbackV1 } from "@blockwise/spec";
import type { TrainerOptions } from "../trainer/trainer.js";
import { tinyImages } from "./tiny-images.js";
import { tinyOptions } from "./tiny-network.js";

/** Two epochs of three steps, with noise. */
export function tinyRun(engine: EngineV1): TrainerOptions {
  const { imageShape: _, batchSize, classCount: __, ...network } = tinyOptions;
  return {
    ...network,
    engine,
    batchSize,
    noise: { kind: "all", standardDeviation: 0.25 },
    schedule: warmupCosine({ baseLearningRate: 0.3, warmupSteps: 2 }),
    source: tinyImages(20),
    augmentation: barlowTwinsViews({ size: 8 }),
    epochs: 2,
    workers: 0,
  };
}

/** A callback of such methods. */
export function callbackOf(methods: Partial<TrainerCallbackV1>): TrainerCallbackV1 {
  return { specificationVersion: "v1", kind: "callback", id: "test", options: {}, ...methods };
}

/** Aborts after so many steps of the whole run. */
export function stopAfter(steps: number): Pick<TrainerOptions, "callbacks" | "signal"> {
  const controller = new AbortController();
  const onStepEnd: TrainerCallbackV1["onStepEnd"] = ({ step }) => {
    if (step + 1 === steps) controller.abort();
  };
  return { signal: controller.signal, callbacks: [callbackOf({ onStepEnd })] };
}
