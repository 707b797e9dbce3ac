import type { Batch } from "@blockwise/loader";
import type { AugmentationV1, BlockStepV1, ScheduleV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { StepPlan } from "../timetable/turns-at.js";
import type { Network } from "../wiring/network.js";
import { type NetworkTurn, stepNetwork } from "./step-network.js";

/** Copies a batch onto the engine, gives its slot back to the loader, and lets every block take its turn with it. */
export function learnBatch(
  network: Network,
  batch: Batch,
  plan: StepPlan,
  run: {
    readonly augmentation: AugmentationV1;
    readonly schedule: ScheduleV1;
    readonly seed: number;
    readonly stepsPerPhase: number;
  },
): readonly BlockStepV1[] {
  const { height, width, channels } = run.augmentation.shape;
  // Some engines keep the array that they are given, and the loader will write into this one again: hence the copies.
  const views = batch.views.map((pixels) =>
    tf.tensor4d(pixels.slice(), [pixels.length / (height * width * channels), height, width, channels]),
  );
  const labels = batch.labels === null ? null : tf.tensor1d(batch.labels.slice(), "int32");
  batch.release();
  const { schedule, seed, stepsPerPhase } = run;
  const place = { step: plan.dataStep, stepCount: stepsPerPhase };
  const turns = plan.turns.map(
    (turn): NetworkTurn =>
      turn.mode === "learning" ? { ...turn, learningRate: schedule.learningRate(turn) } : turn,
  );
  try {
    const learningRate = schedule.learningRate(place);
    return stepNetwork(network, { ...place, views, labels, learningRate, seed, turns });
  } finally {
    tf.dispose(views);
    labels?.dispose();
  }
}
