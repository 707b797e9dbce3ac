import { fold, rootKey } from "@blockwise/random";
import { type EngineV1, InvalidOptionError, type OptimizerV1, type TensorMap } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { BatchPart } from "../batch-workers/batch-part.js";
import { BlockLearner } from "../learner/block-learner.js";
import { type NoiseOptions, requireNoiseFits, requireNoiseOptions } from "../learner/noise.js";
import { defaultMeters, type MeterOptions, requireMeterOptions } from "../meters/measure-health.js";
import { choose, defineBlocks, type NetworkOptions, type PerBlock } from "./block-definition.js";
import { requirePlugin } from "./require-plugin.js";
import { requireRoom } from "./require-room.js";

/** A network whose blocks learn by themselves. */
export interface Network {
  /** Where everything is computed. */
  readonly engine: EngineV1;
  /** What the blocks were made from. */
  readonly options: NetworkOptions;
  /** The blocks, from the one that takes images to the last; the network's. */
  readonly learners: readonly BlockLearner[];
  /** All parameters and buffers by full name; borrowed, and good until the next step. */
  tensors(): { readonly parameters: TensorMap; readonly buffers: TensorMap };
  /** Frees all tensors of all blocks. */
  dispose(): void;
}

/** How many steps in a row a block may skip where nobody says otherwise. */
export const defaultSkipLimit = 10;

/** How a network learns, beside what it is made from. */
export interface LearningOptions {
  /** Where everything is computed: TensorFlow.js's active backend. */
  readonly engine: EngineV1;
  /** What updates the parameters of every block. */
  readonly optimizer: OptimizerV1;
  /** Where all randomness of the network comes from: a whole number of 0 or more. */
  readonly seed: number;
  /** One noise (or null) for all blocks, or one a block. @default null */
  readonly noise?: PerBlock<NoiseOptions | null>;
  /** After this many steps in a row with a non-finite loss or gradient a block stops learning. @default 10 */
  readonly skipLimit?: number;
  /** When the health of blocks is measured; null for never. It changes no weight. @default { everySteps: 50 } */
  readonly meters?: MeterOptions | null;
}

/**
 * Wires and fills a network. The same seed gives a parameter of the same name and shape the same start, whatever the
 * partition: a blockwise and an end-to-end network begin at the same backbone.
 *
 * @throws EngineMemoryError, IncompatibleSpecVersionError, InvalidOptionError, ShapeMismatchError
 */
export function createNetwork(options: NetworkOptions & LearningOptions): Network {
  return createPart(options, () => true);
}

/**
 * Wires a network whole, and fills some of its blocks alone, each of which stands beside those that it shares units with or
 * looks at. A block is what it would be in the whole network.
 *
 * @param part The part of each batch that they are given; null for the whole.
 * @throws as `createNetwork`
 */
export function createPart(
  options: NetworkOptions & LearningOptions,
  isWanted: (block: number) => boolean,
  part: BatchPart | null = null,
): Network {
  const {
    engine,
    optimizer,
    seed,
    noise = null,
    skipLimit = defaultSkipLimit,
    meters = defaultMeters,
  } = options;
  requirePlugin(engine, "engine");
  requirePlugin(optimizer, "optimizer");
  if (!Number.isSafeInteger(skipLimit) || skipLimit < 1) {
    throw new InvalidOptionError({
      option: "skipLimit",
      expected: "a whole number above 0",
      received: skipLimit,
    });
  }
  if (meters !== null) requireMeterOptions(meters);
  const key = fold(rootKey(seed), "initialize");
  const { operations } = engine;
  // All choices before the first tensor: one that is wrong leaves nothing behind.
  const chosen = defineBlocks(options).map((definition) => {
    const ownNoise = choose(noise, definition);
    if (ownNoise !== null) {
      requireNoiseOptions(ownNoise);
      requireNoiseFits(ownNoise, definition.id, definition.outputShape);
    }
    return { definition, noise: ownNoise };
  });
  const wanted = chosen.filter(({ definition }) => isWanted(definition.index));
  requireRoom(
    wanted.map(({ definition }) => definition),
    engine,
  );
  const learners: BlockLearner[] = [];
  // In a scope of its own: memory that runs out half-way leaves no tensor behind.
  tf.tidy(() => {
    for (const choice of wanted) {
      const before = learners.at(-1) ?? null;
      const shared = { operations, optimizer, key, skipLimit, meters, part };
      learners.push(new BlockLearner({ ...choice, ...shared, before }));
    }
    return learners.map(({ state }): tf.TensorContainer => ({ ...state }));
  });
  return {
    engine,
    options,
    learners,
    tensors: () => ({
      parameters: Object.assign({}, ...learners.map(({ state }) => state.parameters)),
      buffers: Object.assign({}, ...learners.map(({ state }) => state.buffers)),
    }),
    dispose: () => {
      for (const learner of learners) learner.dispose();
    },
  };
}
