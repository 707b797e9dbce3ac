import type { BlockHealthV1, BlockStepV1 } from "@blockwise/spec";
import type { BlockDefinition } from "../wiring/block-definition.js";
import { rankSampleLimit } from "./effective-rank.js";

/** Something about a block that is seldom a good sign. */
export interface HealthWarning {
  /** The block's id. */
  readonly block: string;
  /**
   * What is wrong: embeddings draw together, the update is large for the weights, embeddings use few directions,
   * their dimensions say the same, or the gradient is next to nothing.
   */
  readonly kind: "collapsed" | "large-update" | "low-rank" | "redundant" | "vanished-gradient";
  /** The meter's value. */
  readonly measured: number;
  /** What it should not be below (`"large-update"` and `"redundant"`: above). */
  readonly threshold: number;
  /** For people: the block, what was measured, the threshold, and what to try. */
  readonly message: string;
}

/** A part of `1 / sqrt(dim)`, the deviation of embeddings that are spread evenly. */
const collapsedShare = 0.25;
/** A part of the highest rank that the batch and the embedding's width allow. */
const lowRankShare = 0.05;
const redundantCorrelation = 0.9;
const largestTrustRatio = 0.05;
/** A part of the weights' norm: at a learning rate of 1, float32 weights would not change. */
const vanishedShare = 1e-7;

/** The block that is looked at: `network.learners[block].definition`. */
export type WatchedBlock = Pick<BlockDefinition, "loss" | "site">;

type Check = (report: BlockStepV1, health: BlockHealthV1, block: WatchedBlock) => HealthWarning | null;

/**
 * What a block's health warns of; nothing in steps in which it was not measured. The reasons for the thresholds are in
 * `docs/meters.md`.
 *
 * @param report Of a step in which health was measured.
 * @example
 * for (const [index, report] of stepNetwork(network, batch).entries()) {
 *   const { definition } = network.learners[index];
 *   for (const { message } of healthWarnings(report, definition)) console.warn(message);
 * }
 */
export function healthWarnings(report: BlockStepV1, watched: WatchedBlock): readonly HealthWarning[] {
  const { health } = report;
  if (health === null) return [];
  return [collapsed, lowRank, redundant, largeUpdate, vanishedGradient].flatMap(
    (check) => check(report, health, watched) ?? [],
  );
}

const collapsed: Check = ({ block, embeddingDeviation }, _, { site: { embeddingDim } }) => {
  const threshold = collapsedShare / Math.sqrt(embeddingDim);
  if (!(embeddingDeviation < threshold)) return null;
  return {
    block,
    kind: "collapsed",
    measured: embeddingDeviation,
    threshold,
    message:
      `${block}: embeddings draw together to one point: deviation ${number(embeddingDeviation)}, below ${number(threshold)} ` +
      `(a quarter of 1 / sqrt(${embeddingDim}), where they are spread evenly). Give more weight to the part of the loss ` +
      "that spreads them, lower the learning rate, or take larger batches.",
  };
};

const lowRank: Check = ({ block }, { effectiveRank }, { loss, site }) => {
  // A loss by labels has as many directions to tell apart as there are classes.
  const wanted = loss.capabilities.labels ? (site.classCount ?? 1) : Number.POSITIVE_INFINITY;
  const highest = Math.min(site.batchSize, site.embeddingDim, rankSampleLimit, wanted);
  const threshold = lowRankShare * highest;
  if (!(effectiveRank < threshold)) return null;
  return {
    block,
    kind: "low-rank",
    measured: effectiveRank,
    threshold,
    message:
      `${block}: embeddings use few directions: effective rank ${number(effectiveRank)}, below ${number(threshold)} ` +
      `(5 % of the ${highest} that there could be). Lower the learning rate, lengthen the warm-up, or give more ` +
      "weight to the part of the loss that decorrelates.",
  };
};

const redundant: Check = ({ block }, { meanAbsoluteCorrelation }) => {
  if (!(meanAbsoluteCorrelation > redundantCorrelation)) return null;
  return {
    block,
    kind: "redundant",
    measured: meanAbsoluteCorrelation,
    threshold: redundantCorrelation,
    message:
      `${block}: the embeddings' dimensions say the same: mean absolute correlation ${number(meanAbsoluteCorrelation)}, above ` +
      `${redundantCorrelation}. Lower the learning rate, lengthen the warm-up, or give more weight to the part of the loss ` +
      "that decorrelates.",
  };
};

const largeUpdate: Check = ({ block, learningRate }, { trustRatio }) => {
  if (!(trustRatio > largestTrustRatio)) return null;
  return {
    block,
    kind: "large-update",
    measured: trustRatio,
    threshold: largestTrustRatio,
    message:
      `${block}: one step moves the weights far: the update's norm is ${number(trustRatio)} of theirs, above ` +
      `${largestTrustRatio}. Lower the learning rate (${number(learningRate)} in this step) or lengthen the warm-up.`,
  };
};

const vanishedGradient: Check = ({ block }, { gradientNorm, weightNorm }) => {
  const threshold = vanishedShare * weightNorm;
  if (!(gradientNorm < threshold)) return null;
  return {
    block,
    kind: "vanished-gradient",
    measured: gradientNorm,
    threshold,
    message:
      `${block}: hardly any gradient: norm ${number(gradientNorm)}, below ${number(threshold)} (1e-7 of the weights' norm, ` +
      "what float32 can tell apart). Look for a loss with weight 0, embeddings that have collapsed, or images that are all " +
      "the same.",
  };
};

function number(value: number): string {
  return String(Number(value.toPrecision(3)));
}
