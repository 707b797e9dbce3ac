import { fold, rootKey } from "@blockwise/random";
import type { BlockStepV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { OpenStep } from "../learner/open-step.js";
import type { BlockTurn } from "../timetable/turns-at.js";
import type { Network } from "../wiring/network.js";

/** What a block does in one step, with the rate that it learns at. */
export type NetworkTurn =
  | (Extract<BlockTurn, { readonly mode: "learning" }> & { readonly learningRate: number })
  | Exclude<BlockTurn, { readonly mode: "learning" }>;

/** One batch, and where in the run it comes. Tensors are borrowed. */
export interface NetworkStep {
  /** One a view: the images, `[batch, height, width, channels]`, or what `firstBlock` takes. */
  readonly views: readonly tf.Tensor[];
  /** int32 `[batch]`; null for unlabelled data. */
  readonly labels: tf.Tensor1D | null;
  /** Keys the noise too. */
  readonly step: number;
  /** Steps of the whole run. */
  readonly stepCount: number;
  /** The rate of all blocks, unless `turns` gives each its own. */
  readonly learningRate: number;
  /** The run's seed, which keys the noise with `step`. */
  readonly seed: number;
  /** One a block. @default all learn, at `step` of `stepCount` with `learningRate` */
  readonly turns?: readonly NetworkTurn[];
  /** The block that takes `views`; those before it are left out. @default 0 */
  readonly firstBlock?: number;
  /** Is told what each frozen block hands on, one tensor a view, borrowed. */
  readonly onFrozenOutputs?: (block: number, outputs: readonly tf.Tensor[]) => void;
  /** Is told which block is next to work. */
  readonly onBlock?: (block: number) => void;
  /** Is told what the last block that works hands on, one tensor a view, borrowed. */
  readonly onHandedOn?: (outputs: readonly tf.Tensor[]) => void;
}

/**
 * Lets every block learn from one batch, or take its turn, one block at a time: a block's inputs are freed as soon as it
 * has passed its outputs on, so that what one step needs is the most that one block needs. A block that lends units to the
 * next one is updated once that one's gradients are known: besides the block at work, at most one waits. Returns what the
 * blocks did whose turn it was to learn.
 */
export function stepNetwork(
  network: Pick<Network, "learners">,
  request: NetworkStep,
): readonly BlockStepV1[] {
  const { step, stepCount, learningRate, labels, turns, firstBlock = 0 } = request;
  const { onFrozenOutputs, onBlock, onHandedOn } = request;
  const noiseKeys = fold(rootKey(request.seed), "noise", step);
  const everyTurn: NetworkTurn = { mode: "learning", step, stepCount, learningRate };
  const reports: BlockStepV1[] = [];
  let waiting: OpenStep | null = null;
  let inputs: readonly tf.Tensor[] = request.views.map((view) => tf.clone(view));
  try {
    for (const learner of network.learners) {
      const { index, lentCount } = learner.definition;
      if (index < firstBlock) continue;
      const turn = turns === undefined ? everyTurn : (turns[index] ?? everyTurn);
      if (turn.mode === "idle") break;
      onBlock?.(index);
      const noiseKey = fold(noiseKeys, index);
      const open = turn.mode === "learning" ? learner.open({ ...turn, inputs, labels, noiseKey }) : null;
      const outputs: readonly tf.Tensor[] = open?.outputs ?? learner.passOn({ inputs, noiseKey });
      tf.dispose([...inputs]);
      inputs = outputs;
      const lender: OpenStep | null = waiting;
      waiting = open;
      try {
        if (lender !== null) reports.push(lender.finish(open?.gradientsForBefore ?? null));
      } finally {
        tf.dispose({ ...open?.gradientsForBefore });
      }
      if (open === null) onFrozenOutputs?.(index, outputs);
      if (open !== null && lentCount === 0) {
        waiting = null;
        reports.push(open.finish(null));
      }
    }
    const last: OpenStep | null = waiting;
    waiting = null;
    if (last !== null) reports.push(last.finish(null));
    onHandedOn?.(inputs);
  } finally {
    waiting?.abandon();
    tf.dispose([...inputs]);
  }
  return reports;
}
