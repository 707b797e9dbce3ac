import type { JsonObject } from "@blockwise/spec";
import type { CorruptionResultV1, SimilarityResultV1 } from "./robustness-v1.js";

/** The runs of an experiment; all of them have the same architecture and are probed at the same depths. */
export type RunNameV1 = "blockwise" | "end-to-end" | "random";

/** An accuracy. */
export interface ScoreV1 {
  /** Accuracy of the first guess on the held-out split, in percent. */
  readonly top1: number;
}

/** How much of its space a block's features use, over the held-out split. */
export interface CollapseIndicatorsV1 {
  /** Mean over the dimensions of the standard deviation of the l2-normalised features; near 0 = collapsed. */
  readonly standardDeviation: number;
  /** Exponential of the entropy of the normalised singular values: from 1 (collapsed) to `dimension`. */
  readonly effectiveRank: number;
  /** Mean over pairs of different dimensions of the absolute correlation, from 0 to 1 (redundant). */
  readonly meanAbsoluteCorrelation: number;
  /** How many dimensions the features have: what the effective rank may come to at most. */
  readonly dimension?: number;
}

/** What the features at one depth are worth. */
export interface BlockResultV1 {
  /** The block's name, the same in all runs. */
  readonly block: string;
  /** Accuracies of linear classifiers that were fitted on frozen features. */
  readonly linearProbe: {
    /** On the block's pooled features. */
    readonly raw: ScoreV1;
    /** On the output of the block's head, where the run has one there. */
    readonly head: ScoreV1 | null;
  };
  /** Accuracy of nearest neighbours on the block's pooled features. */
  readonly knn: { readonly raw: ScoreV1 };
  /** How far the block's features are from collapse; absent where it was not measured. */
  readonly collapse?: CollapseIndicatorsV1;
}

/** The course of a block's loss. */
export interface LossCurveV1 {
  /** The block's name, as in `BlockResultV1`. */
  readonly block: string;
  /** Steps, from 0, ascending. */
  readonly steps: readonly number[];
  /** One loss a step; null where it was not finite, which JSON cannot say otherwise. */
  readonly loss: readonly (number | null)[];
}

/** What the online probe read of a block while it trained: accuracies in percent on the held-out split. */
export interface OnlineCurveV1 {
  /** The block's name, as in `BlockResultV1`. */
  readonly block: string;
  /** Steps done, ascending. */
  readonly steps: readonly number[];
  /** Of linear classifiers on pooled features and on the head's output; null where the block had not learnt yet. */
  readonly raw: readonly (number | null)[];
  /** Of linear classifiers on the head's output, likewise. */
  readonly head: readonly (number | null)[];
  /** Of nearest neighbours on pooled features. */
  readonly neighbors: readonly number[];
}

/** What training took. */
export interface TrainResultV1 {
  /** Steps of the whole run. */
  readonly steps: number;
  /** Wall-clock time of all steps, over all sittings. */
  readonly seconds: number;
  /** Images a second; a pair of views counts once. */
  readonly pairsPerSecond: number;
  /** The largest resident set of the process that trained. */
  readonly peakMemoryBytes: number;
  /** Part of the time, from 0 to 1, that training waited for images; absent in results of before it was kept. */
  readonly dataWaitShare?: number;
  /**
   * The threads that blocks learnt in, in order, where they had their own: the blocks of each, and the part of the time,
   * from 0 to 1, that it computed.
   */
  readonly blockWorkers?: readonly { readonly blocks: readonly string[]; readonly busyShare: number }[];
  /** One curve a block, where losses were recorded. */
  readonly lossCurve?: readonly LossCurveV1[];
  /** Where the run had an online probe. */
  readonly onlineCurve?: readonly OnlineCurveV1[];
}

/** One network of the experiment. */
export interface RunResultV1 {
  /** Which of the experiment's networks it is. */
  readonly name: RunNameV1;
  /** Null for the network that stays as it was initialised. */
  readonly train: TrainResultV1 | null;
  /** From the first block to the last. */
  readonly blocks: readonly BlockResultV1[];
  /** What the protocol `corruptions` found, where the run was scored by it. */
  readonly corruptions?: CorruptionResultV1;
  /** What the protocol `similarity` found, where the run was compared by it. */
  readonly similarity?: SimilarityResultV1;
}

/** The results of an experiment, as `results.json` holds them: a contract that only grows. */
export interface ResultsV1 {
  /** The version of this contract. */
  readonly schema: 1;
  /** The data set's id: `"cifar-10"`. */
  readonly dataset: string;
  /** How the scores were come by: everything that another person needs to repeat them. */
  readonly protocol: JsonObject;
  /** The engine's id: `"wasm"`. */
  readonly engine: string;
  /** What all randomness of the experiment came from. */
  readonly seed: number;
  /** The trained networks and the untrained one. */
  readonly runs: readonly RunResultV1[];
  /** What scores are to be compared with. */
  readonly controls: {
    /** The linear probe on the pixels themselves. */
    readonly pixels: ScoreV1;
  };
  /** What else is known of the data set: where it came from and why it was picked, sizes, class names. */
  readonly datasetDetails?: JsonObject;
  /** What else is known of the engine: version, threads, memory limit. */
  readonly engineDetails?: JsonObject;
  /** The options that the experiment ran with, defaults filled in. */
  readonly settings?: JsonObject;
  /** Seconds by phase of the experiment. */
  readonly timings?: Readonly<Record<string, number>>;
  /** Versions by package, and of Node. */
  readonly versions?: Readonly<Record<string, string>>;
  /** What the reader should know before believing the numbers. */
  readonly warnings?: readonly string[];
  /** When the experiment began, as an ISO 8601 time. */
  readonly startedAt?: string;
  /** The command that repeats it. */
  readonly command?: string;
}
