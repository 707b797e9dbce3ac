import { fold, type RandomKey } from "@blockwise/random";
import {
  type BlockFeaturesV1,
  type FeatureTable,
  ShapeMismatchError,
  type TrainerCallbackV1,
} from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { checkCount, checkNotNegative, checkPositive } from "./check-options.js";
import { kNearestNeighbors } from "./k-nearest-neighbors.js";
import { type OnlineSite, type OnlineSiteState, onlineSite } from "./online-site.js";

/** What a block's features are worth at one moment of training. All in percent. */
export interface OnlineScoreV1 {
  /** The block's id. */
  readonly block: string;
  /**
   * Top-1 of the linear classifiers on the training batches since the reading before, each before it was learnt from; null
   * where the block has not learnt since.
   */
  readonly train: { readonly raw: number | null; readonly head: number | null };
  /** Top-1 of the same classifiers on the held-out images; null before the block's first step. */
  readonly heldOut: { readonly raw: number | null; readonly head: number | null };
  /** Top-1 of nearest neighbours on pooled features of the held-out images. */
  readonly neighbors: number;
}

/** What all blocks' features are worth after so many steps. */
export interface OnlineReadingV1 {
  /** Steps done. */
  readonly step: number;
  /** One entry a block, in the network's order. */
  readonly blocks: readonly OnlineScoreV1[];
}

/** Features of a block in evaluation mode: of some training images, for neighbours, and of held-out ones, to score on. */
export interface OnlineTables {
  /** The block's id. */
  readonly block: string;
  /** The block's pooled output for the training images; borrowed. */
  readonly train: FeatureTable;
  /** The pooled output and the head's output for the held-out images; borrowed. */
  readonly heldOut: { readonly raw: FeatureTable; readonly head: FeatureTable };
}

/** Options of {@link onlineProbe}. */
export interface OnlineProbeOptions {
  /** How many classes the labels have. */
  readonly classCount: number;
  /** Keys the classifiers' start. */
  readonly key: RandomKey;
  /** Steps between readings; there is one more at the end. */
  readonly everySteps: number;
  /** Reads features of the network as it is, of the same images every time. */
  readonly read: () => Promise<readonly OnlineTables[]>;
  /** Is told every reading, and awaited. */
  readonly onReading: (reading: OnlineReadingV1) => void | Promise<void>;
  /** Of every step, constant. @default 0.1 */
  readonly learningRate?: number;
  /** @default 0.9 */
  readonly momentum?: number;
  /** @default 0 */
  readonly weightDecay?: number;
  /** How many nearest neighbours vote. @default 20 */
  readonly neighbors?: number;
}

/** State by site, `"<block>.raw"` and `"<block>.head"`. */
export type OnlineProbeState = Readonly<Record<string, OnlineSiteState>>;

/** A probe that learns while the network does. */
export interface OnlineProbe extends TrainerCallbackV1 {
  /** Copies out what it keeps, for a checkpoint. */
  state(): Promise<OnlineProbeState>;
  /** Takes over what `state` gave, to go on with a run. */
  restore(state: OnlineProbeState): void;
  /** Frees all classifiers. */
  dispose(): void;
}

/**
 * Two linear classifiers a block, on its pooled output and on its head's, which learn from the features of every training
 * batch and its labels as they come by, and are scored on held-out images now and then; and nearest neighbours.
 *
 * Features are standardised by their batch, as batch normalisation does, and by running statistics for scoring. They are
 * constants: nothing flows back into the network, which learns the same, bit for bit, with the probe and without. A step
 * costs two matrix products a classifier.
 *
 * It sees augmented images through batch statistics and noise, and chases features that move: what it says is below what a
 * probe of the trained network will.
 *
 * @throws InvalidOptionError for an option out of its range; the run ends with it where a classifier diverges
 * @see He et al.: Masked autoencoders are scalable vision learners, 2022, arXiv 2111.06377, appendix A.1, for batch
 *   normalisation without gains before a linear probe
 */
export function onlineProbe(options: OnlineProbeOptions): OnlineProbe {
  const { classCount, key, everySteps, read, onReading } = options;
  const { learningRate = 0.1, momentum = 0.9, weightDecay = 0, neighbors = 20 } = options;
  checkCount("classCount", classCount);
  checkCount("everySteps", everySteps);
  checkPositive("learningRate", learningRate);
  checkNotNegative("momentum", momentum);
  checkNotNegative("weightDecay", weightDecay);
  const vote = kNearestNeighbors({ k: neighbors });
  const sites = new Map<string, OnlineSite>();
  let lastReading = 0;

  const siteFor = (name: string, dim: number): OnlineSite => {
    const known = sites.get(name);
    if (known !== undefined) return known;
    const rates = { learningRate, momentum, weightDecay };
    const site = onlineSite({ dim, classCount, key: fold(key, name), ...rates });
    sites.set(name, site);
    return site;
  };

  const takeReading = async (step: number): Promise<void> => {
    lastReading = step;
    const blocks: OnlineScoreV1[] = [];
    for (const { block, train, heldOut } of await read()) {
      const raw = sites.get(`${block}.raw`);
      const head = sites.get(`${block}.head`);
      const request = { train, test: heldOut.raw, classCount, seed: 0 };
      blocks.push({
        block,
        train: {
          raw: (await raw?.takeTrainingScore()) ?? null,
          head: (await head?.takeTrainingScore()) ?? null,
        },
        heldOut: {
          raw: (await raw?.score(heldOut.raw)) ?? null,
          head: (await head?.score(heldOut.head)) ?? null,
        },
        neighbors: (await vote.doEvaluate(request)).top1,
      });
    }
    await onReading({ step, blocks });
  };

  return {
    specificationVersion: "v1",
    kind: "callback",
    id: "online-probe",
    options: { classCount, everySteps, learningRate, momentum, weightDecay, neighbors },
    onRunStart: ({ startStep }) => {
      lastReading = startStep;
    },
    onBlockFeatures: ({ block, map, feature, labels }) => {
      const wanted = requireLabels(labels);
      const raw = tf.mean(map, [1, 2]) as tf.Tensor2D;
      siteFor(`${block}.raw`, raw.shape[1]).learn(raw, wanted);
      siteFor(`${block}.head`, feature.shape[1]).learn(feature, wanted);
      raw.dispose();
    },
    readsNetwork: ({ step }) => (step + 1) % everySteps === 0,
    onStepEnd: async ({ step }) => {
      if ((step + 1) % everySteps === 0) await takeReading(step + 1);
    },
    onRunEnd: async ({ step, interrupted }) => {
      if (!interrupted && step > lastReading) await takeReading(step);
    },
    state: async () => {
      const states: Record<string, OnlineSiteState> = {};
      for (const [name, site] of sites) states[name] = await site.state();
      return states;
    },
    restore: (states) => {
      for (const [name, state] of Object.entries(states)) {
        siteFor(name, (state.statistics.length - 1) / 2).restore(state);
      }
    },
    dispose: () => {
      for (const site of sites.values()) site.dispose();
      sites.clear();
    },
  };
}

function requireLabels(labels: BlockFeaturesV1["labels"]): tf.Tensor1D {
  if (labels !== null) return labels;
  throw new ShapeMismatchError({
    subject: "The labels of a batch for the online probe",
    expected: "[batch], one an image",
    received: [0],
    hint: "Leave the probe out for unlabelled images.",
  });
}
