import type { Scalar, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { BufferSpecV1, LayerContextV1, ParameterSpecV1 } from "../layer/layer-v1.js";
import type { PluginV1 } from "../plugin.js";

/** What a loss can do and what it needs; the core checks it when a run is wired, the conformance kit reads its skips here. */
export interface LocalLossCapabilitiesV1 {
  /** How many views it compares. */
  readonly views: number;
  /** Whether it needs the samples' labels. */
  readonly labels: boolean;
  /** The smallest batch it is defined for. */
  readonly minimumBatchSize: number;
  /** Whether swapping the views leaves the loss as it is. */
  readonly symmetric: boolean;
  /**
   * Whether it also looks at what the next block makes of this block's output (`LocalLossInputV1.next`). It costs a
   * forward pass of the next block, and ties the block to the next one's weights. @default false
   */
  readonly nextBlock?: boolean;
}

/** Where a loss works; all that it may size itself by. */
export interface LocalLossSiteV1 {
  /** The block's place, from 0. */
  readonly blockIndex: number;
  /** How many blocks the network has. */
  readonly blockCount: number;
  /** `[height, width, channels]` of the block's output. */
  readonly mapShape: readonly number[];
  /** Width of the head's output. */
  readonly featureDim: number;
  /** Width of the projector's output. */
  readonly embeddingDim: number;
  /** Images of a step. */
  readonly batchSize: number;
  /** How many classes the labels have; null without labels. */
  readonly classCount: number | null;
  /** The next block's site (whose own `next` is null); null at the last block. */
  readonly next: LocalLossSiteV1 | null;
}

/** One view of the batch as one block sees it. All are borrowed; gradients flow into all three. */
export interface LocalLossViewV1 {
  /** The block's output, `[batch, height, width, channels]`. */
  readonly map: Tensor;
  /** The head's output, `[batch, featureDim]`. */
  readonly feature: Tensor2D;
  /** The projector's output, `[batch, embeddingDim]`. */
  readonly embedding: Tensor2D;
}

/** What a loss computes from. All tensors are borrowed. */
export interface LocalLossInputV1 {
  /** The block's own views, as many as `capabilities` asks for. */
  readonly views: readonly LocalLossViewV1[];
  /**
   * The same views after the next block, whose weights are constants here: gradients flow through it into this block's
   * maps, which a loss that wants a target alone has to stop. Null at the last block, and for losses that do not
   * declare `nextBlock`.
   */
  readonly next: readonly LocalLossViewV1[] | null;
  /** int32 `[batch]`; null for unlabelled data. */
  readonly labels: Tensor1D | null;
  /** The block it works at. */
  readonly site: LocalLossSiteV1;
  /** The step, from 0, and how many there will be. */
  readonly step: number;
  /** How many steps there will be. */
  readonly stepCount: number;
  /** The loss's own parameters and buffers, and the engine's operations (batch statistics: `batchNormTrain`). */
  readonly context: LayerContextV1;
}

/** A loss and what it is made of. All scalars belong to the caller. */
export interface LocalLossResultV1 {
  /** What the block descends on: a float32 scalar, the sum of `terms`. */
  readonly total: Scalar;
  /** The named, weighted parts of the total, for logs: they add up to it. */
  readonly terms: Readonly<Record<string, Scalar>>;
}

/** The state a loss keeps for one block. */
export interface LocalLossStateSpecV1 {
  /** Trained with the block's own, by the same optimiser. */
  readonly parameters: readonly ParameterSpecV1[];
  /** Kept from step to step and not trained. */
  readonly buffers: readonly BufferSpecV1[];
}

/**
 * A loss that one block learns from, by itself.
 *
 * @example
 * export function agreement(): LocalLossV1 {
 *   return {
 *     specificationVersion: "v1",
 *     kind: "local-loss",
 *     id: "agreement",
 *     options: {},
 *     capabilities: { views: 2, labels: false, minimumBatchSize: 1, symmetric: true },
 *     doInit: () => ({ parameters: [], buffers: [] }),
 *     doCompute: ({ views: [first, second] }) => {
 *       const distance = tf.mean<tf.Scalar>(tf.squaredDifference(first.embedding, second.embedding));
 *       return { total: distance, terms: { distance } };
 *     },
 *   };
 * }
 */
export interface LocalLossV1 extends PluginV1<"local-loss"> {
  /** What it needs and what it promises; the core checks the one, the conformance kit the other. */
  readonly capabilities: LocalLossCapabilitiesV1;
  /** The parameters and buffers it wants at that site; empty lists where it has none. */
  doInit(site: LocalLossSiteV1): LocalLossStateSpecV1;
  /** The loss of one batch, differentiable. @throws ShapeMismatchError */
  doCompute(input: LocalLossInputV1): LocalLossResultV1;
}
