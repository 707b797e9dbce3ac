/** Errors of linear probes on corrupted images, one entry a block; all numbers are percentages. */
export interface CorruptionResultV1 {
  /** In the order of the errors. */
  readonly severities: readonly number[];
  /** What the errors are compared with, for people; null where there is no baseline. */
  readonly against: string | null;
  /** In the network's order. */
  readonly blocks: readonly {
    readonly block: string;
    /** Error on the images as they are. */
    readonly clean: number;
    /** Errors by corruption, one a severity. */
    readonly byCorruption: Readonly<Record<string, readonly number[]>>;
    /** Mean error over corruptions and severities, without a baseline. */
    readonly mean: number;
    /** Share of the baseline's errors; null without a baseline. */
    readonly against: {
      /** mCE: the mean over the corruptions of the share of the baseline's errors. */
      readonly meanCorruptionError: number | null;
      /** The same of what corruptions add to the clean errors. */
      readonly relativeMeanCorruptionError: number | null;
    } | null;
  }[];
}

/** Linear centred kernel alignment between blocks; 1 = the same up to rotation and scale. */
export interface SimilarityResultV1 {
  /** Names of the rows and columns, in the network's order. */
  readonly blocks: readonly string[];
  /** `[blocks, blocks]` */
  readonly within: readonly (readonly number[])[];
  /** With the blocks of another run; null where there is none. */
  readonly against: {
    /** The other run, for people. */
    readonly run: string;
    readonly blocks: readonly string[];
    /** `[blocks, the other run's blocks]` */
    readonly matrix: readonly (readonly number[])[];
  } | null;
}
