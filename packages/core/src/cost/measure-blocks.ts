import { rootKey } from "@blockwise/random";
import * as tf from "@tensorflow/tfjs-core";
import type { BlockLearner } from "../learner/block-learner.js";
import { updated } from "../learner/block-state.js";
import type { Network } from "../wiring/network.js";
import { describeCosts } from "./describe-costs.js";

/** A block's activations are held up to here: a larger batch is measured by a part of it. */
const largestActivationBytes = 2 ** 29;
/** Runs are repeated for so long. */
const shortSeconds = 0.3;

/**
 * The seconds that each block's step takes on this engine, measured: loss, gradients and update on made-up images, of
 * some tries the fastest one. Of a batch whose activations are more than 512 MiB a part is tried, and counted for the whole. What
 * blocks keep stays as it is.
 */
export function measureBlocks({ learners, options }: Network): readonly number[] {
  const costs = describeCosts(options);
  return learners.map((learner, index) => {
    const { minimumBatchSize } = learner.definition.loss.capabilities;
    const { backbone = 0, head = 0, projector = 0, next = 0 } = costs[index]?.activationBytes ?? {};
    const part = Math.min(1, largestActivationBytes / (backbone + head + projector + next));
    const count = Math.max(minimumBatchSize, 2, Math.floor(part * options.batchSize));
    const { step, update } = timesOf(learner, Math.min(count, options.batchSize));
    return step * (options.batchSize / Math.min(count, options.batchSize)) + update;
  });
}

function timesOf(learner: BlockLearner, count: number): { readonly step: number; readonly update: number } {
  const { definition, operations, optimizer, state } = learner;
  const { site, loss, inputShape, parameters } = definition;
  const inputs = Array.from({ length: loss.capabilities.views }, (_, view) =>
    tf.randomNormal([count, ...inputShape], 0, 1, "float32", view + 1),
  );
  const labels = site.classCount === null ? null : tf.zeros<tf.Rank.R1>([count], "int32");
  const request = { inputs, labels, step: 1, stepCount: 3, noiseKey: rootKey(0), learningRate: 0 };
  const gradients = tf.tidy(() =>
    Object.fromEntries(
      parameters.map(({ name }) => [name, tf.zerosLike(state.parameters[name] as tf.Tensor)]),
    ),
  );
  try {
    const step = fastest(() => {
      const { outputs, gradientsForBefore, abandon } = learner.open(request);
      // Some engines work on while a call returns.
      outputs[0]?.dataSync();
      tf.dispose([[...outputs], { ...gradientsForBefore }]);
      abandon();
    });
    const update = fastest(() => {
      const after = updated(state, {
        optimizer,
        operations,
        specs: parameters,
        gradients,
        learningRate: 0,
        updateCount: 0,
      });
      Object.values(after.parameters).at(-1)?.dataSync();
      tf.dispose([{ ...after.parameters }, { ...after.optimizer }]);
    });
    return { step, update };
  } finally {
    tf.dispose([inputs, gradients, labels ?? []]);
  }
}

/** In seconds, of at least two runs; of so many short ones that code is compiled by then. */
function fastest(run: () => void): number {
  let best = secondsOf(run);
  for (let spent = best, count = 1; count < 2 || spent < shortSeconds; count++) {
    const seconds = secondsOf(run);
    spent += seconds;
    best = Math.min(best, seconds);
  }
  return best;
}

function secondsOf(run: () => void): number {
  const start = performance.now();
  run();
  return Math.max(performance.now() - start, 0.001) / 1000;
}
