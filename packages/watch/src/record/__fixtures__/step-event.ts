import type { StepEventV1 } from "@blockwise/spec";

/** A step of a run with one block. */
export function stepEvent(step: number, changes: Partial<StepEventV1> = {}): StepEventV1 {
  return {
    step,
    stepCount: 1000,
    epoch: 0,
    phase: null,
    blocks: [
      {
        block: "layer1",
        loss: 1,
        terms: {},
        learningRate: 0.1,
        embeddingDeviation: 1,
        health: null,
        skipped: false,
      },
    ],
    pairsPerSecond: 1,
    dataWaitShare: 0,
    inputImagesPerSecond: 0,
    secondsLeft: 0,
    ...changes,
  };
}
