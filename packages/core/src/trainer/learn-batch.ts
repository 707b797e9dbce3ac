import type { Batch } from "@blockwise/loader";
import type { AugmentationV1, BlockStepV1, ScheduleV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { Network } from "../wiring/network.js";
import { stepNetwork } from "./step-network.js";

/** Copies a batch onto the engine, gives its slot back to the loader, and lets every block learn from it. */
export function learnBatch(
  network: Network,
  batch: Batch,
  run: {
    readonly augmentation: AugmentationV1;
    readonly schedule: ScheduleV1;
    readonly seed: number;
    readonly step: number;
    readonly stepCount: number;
  },
): readonly BlockStepV1[] {
  const { step, stepCount, seed } = run;
  const { height, width, channels } = run.augmentation.shape;
  // Some engines keep the array that they are given, and the loader will write into this one again: hence the copies.
  const views = batch.views.map((pixels) =>
    tf.tensor4d(pixels.slice(), [pixels.length / (height * width * channels), height, width, channels]),
  );
  const labels = batch.labels === null ? null : tf.tensor1d(batch.labels.slice(), "int32");
  batch.release();
  try {
    const learningRate = run.schedule.learningRate({ step, stepCount });
    return stepNetwork(network, { views, labels, step, stepCount, learningRate, seed });
  } finally {
    tf.dispose(views);
    labels?.dispose();
  }
}
