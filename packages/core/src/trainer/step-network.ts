import { fold, rootKey } from "@blockwise/random";
import type { BlockStepV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { Network } from "../wiring/network.js";

/** One batch, and where in the run it comes. Tensors are borrowed. */
export interface NetworkStep {
  /** `[batch, height, width, channels]`, one a view. */
  readonly views: readonly tf.Tensor[];
  readonly labels: tf.Tensor1D | null;
  readonly step: number;
  readonly stepCount: number;
  readonly learningRate: number;
  readonly seed: number;
}

/**
 * Lets every block learn from one batch, one block at a time: a block's inputs are freed as soon as it has passed its
 * outputs on, so that what one step needs is the most that one block needs.
 */
export function stepNetwork(network: Network, request: NetworkStep): readonly BlockStepV1[] {
  const noiseKey = fold(rootKey(request.seed), "noise", request.step);
  const reports: BlockStepV1[] = [];
  let inputs: readonly tf.Tensor[] = request.views.map((view) => tf.clone(view));
  try {
    for (const learner of network.learners) {
      const { outputs, report } = learner.step({
        ...request,
        inputs,
        noiseKey: fold(noiseKey, learner.definition.index),
      });
      tf.dispose([...inputs]);
      inputs = outputs;
      reports.push(report);
    }
  } finally {
    tf.dispose([...inputs]);
  }
  return reports;
}
