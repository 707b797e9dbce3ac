import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { PluginV1 } from "../plugin.js";

/** How a block fares, beyond its loss; measured now and then. */
export interface BlockHealthV1 {
  /**
   * Effective rank of the embeddings of view 1 (RankMe): `exp(-sum_i p_i log p_i)` of their normalised singular values,
   * between 1 (collapsed to a line) and `min(batch, dim)`; of a batch of more than 256 samples, the first 256 count.
   */
  readonly effectiveRank: number;
  /** Mean absolute correlation between different dimensions of the embeddings of view 1, from 0 to 1. */
  readonly meanAbsoluteCorrelation: number;
  /** L2 norm of all gradients of the block. */
  readonly gradientNorm: number;
  /** L2 norm of all parameters of the block, before the update. */
  readonly weightNorm: number;
  /** L2 norm of the update over that of the parameters: how far one step goes. */
  readonly trustRatio: number;
}

/** What one block did in one step. */
export interface BlockStepV1 {
  /** The block's id. */
  readonly block: string;
  /** The loss; NaN or infinite where the step was skipped for it. */
  readonly loss: number;
  /** The loss's named terms, as they add up to `loss`. */
  readonly terms: Readonly<Record<string, number>>;
  /** Mean over the embedding's dimensions of the standard deviation of its l2-normalised rows; near 0 = collapsed. */
  readonly embeddingDeviation: number;
  /** The rate of this step. */
  readonly learningRate: number;
  /** Null in steps in which it was not measured. */
  readonly health: BlockHealthV1 | null;
  /** True where the loss or a gradient was not finite and the block kept its weights. */
  readonly skipped: boolean;
}

/** Where a run stands whose blocks learn one after the other. */
export interface RunPhaseV1 {
  /** From 0. */
  readonly index: number;
  /** How many phases the run has. */
  readonly count: number;
  /** The block that learns in it. */
  readonly block: string;
}

/** How a thread that blocks learn in fares, over this run of the trainer. */
export interface BlockWorkerReadingV1 {
  /** The ids of its blocks, in order. */
  readonly blocks: readonly string[];
  /** Part of the time, from 0 to 1, that it computed; the rest it waited for the threads beside it, or for data. */
  readonly busyShare: number;
}

/** What one step did. */
export interface StepEventV1 {
  /** From 0. */
  readonly step: number;
  /** How many steps the whole run has. */
  readonly stepCount: number;
  /** From 0; of the phase, where the run has several. */
  readonly epoch: number;
  /** Null where blocks do not learn one after the other. */
  readonly phase: RunPhaseV1 | null;
  /** The blocks that were to learn in this step. */
  readonly blocks: readonly BlockStepV1[];
  /** Images a second so far (a pair of views counts once), over this run of the trainer. */
  readonly pairsPerSecond: number;
  /** Part of the time, from 0 to 1, that the trainer waited for data. */
  readonly dataWaitShare: number;
  /** Images a second that the threads which prepare batches can make, by their own time; 0 before the first. */
  readonly inputImagesPerSecond: number;
  /** An estimate from the speed so far; 0 after the last step. */
  readonly secondsLeft: number;
  /** One a thread, in order; left out where blocks learn in the trainer's own thread. */
  readonly blockWorkers?: readonly BlockWorkerReadingV1[];
}

/**
 * What a block made of the first view of a batch that it is learning from: with batch statistics, and noise where there is
 * any. All tensors are borrowed, constant, and good until the call returns.
 */
export interface BlockFeaturesV1 {
  /** The block's id. */
  readonly block: string;
  /** The block's output, `[batch, height, width, channels]`. */
  readonly map: Tensor;
  /** The head's output, `[batch, featureDim]`. */
  readonly feature: Tensor2D;
  /** int32 `[batch]`; null for unlabelled data. */
  readonly labels: Tensor1D | null;
}

/** Watches a run. Callbacks are awaited, in order; one that throws ends the run with its error. */
export interface TrainerCallbackV1 extends PluginV1<"callback"> {
  /** Called before the first step; `startStep` is above 0 for a run that goes on from a checkpoint. */
  onRunStart?(event: {
    readonly startStep: number;
    readonly stepCount: number;
    readonly blocks: readonly string[];
  }): void | Promise<void>;
  /**
   * Called within a step, once for every block that has learnt from the batch, before `onStepEnd`: for probes that learn
   * beside the network. It is not awaited, and whatever it does, the network learns the same.
   */
  onBlockFeatures?(event: BlockFeaturesV1): void;
  /** Called after each step. */
  onStepEnd?(event: StepEventV1): void | Promise<void>;
  /**
   * Whether the callback will look at the trainer's network in that step's `onStepEnd`. Where blocks learn in threads of
   * their own, the network is brought up to date for it, and for checkpoints and the run's end, and cannot be looked at
   * at all other times. @default no
   */
  readsNetwork?(event: { readonly step: number; readonly stepCount: number }): boolean;
  /** Told once for each thing that changes no number but that a person should know of. */
  onNote?(event: { readonly step: number; readonly message: string }): void | Promise<void>;
  /** Called after the last step of each epoch (from 0); `step` counts the steps done. */
  onEpochEnd?(event: { readonly epoch: number; readonly step: number }): void | Promise<void>;
  /** Called when a checkpoint is whole; `path` is its folder, `step` counts the steps done. */
  onCheckpoint?(event: { readonly step: number; readonly path: string }): void | Promise<void>;
  /** Called after the last step and checkpoint, or when the signal ended the run early. */
  onRunEnd?(event: { readonly step: number; readonly interrupted: boolean }): void | Promise<void>;
}
