import type { Tensor } from "@tensorflow/tfjs-core";
import type { OperationsV1 } from "../engine/operations-v1.js";
import type { LayerValueV1 } from "./layer-value-v1.js";

/** How a parameter is filled before step 0, from a generator keyed by its name. */
export type InitializerV1 =
  | { readonly kind: "zeros" }
  | { readonly kind: "ones" }
  /** N(0, standardDeviation^2). */
  | { readonly kind: "normal"; readonly standardDeviation: number }
  /** U(-bound, bound). */
  | { readonly kind: "uniform"; readonly bound: number };

/**
 * How a parameter lies in memory here and in files (which follow PyTorch):
 * `convolution` `[height, width, in, out]` here, `[out, in, height, width]` there; `linear` `[in, out]` here,
 * `[out, in]` there; `plain` the same in both.
 */
export type ParameterLayoutV1 = "convolution" | "linear" | "plain";

/** A trainable tensor that a layer or loss asks for. */
export interface ParameterSpecV1 {
  /** torchvision's name, local to its layer: `"conv1.weight"`. */
  readonly name: string;
  /** Lengths of its axes as it lies in memory here, which `layout` relates to PyTorch's. */
  readonly shape: readonly number[];
  /** How its axes lie against PyTorch's. */
  readonly layout: ParameterLayoutV1;
  /** What it starts from. */
  readonly initializer: InitializerV1;
  /** Parameters that are to start alike, in different blocks, have the same one. @default the parameter's full name */
  readonly startsAs?: string;
}

/** A tensor that a layer keeps but does not train, such as a running mean. */
export interface BufferSpecV1 {
  /** torchvision's name, local to its layer: `"bn1.running_mean"`. */
  readonly name: string;
  /** Lengths of its axes; empty for a scalar. */
  readonly shape: readonly number[];
  /** What it starts from. */
  readonly initializer: { readonly kind: "zeros" } | { readonly kind: "ones" };
}

/** What a layer is given to compute with. All tensors in it are borrowed. */
export interface LayerContextV1 {
  /** True in training: batch statistics are used and running ones updated. */
  readonly training: boolean;
  /** The engine's operations. */
  readonly operations: OperationsV1;
  /** The parameter of that (local) name. @throws MissingStateError */
  parameter(name: string): Tensor;
  /** The buffer of that (local) name, as the last `updateBuffer` left it. @throws MissingStateError */
  buffer(name: string): Tensor;
  /** Replaces a buffer; a copy of `value` is kept, `value` stays with the caller. No gradient flows through it. */
  updateBuffer(name: string, value: Tensor): void;
}

/** A differentiable function with named parameters: what backbones, heads and projectors are made of. */
export interface LayerV1 {
  /** What it trains; names are local to the layer. */
  readonly parameters: readonly ParameterSpecV1[];
  /** What it keeps and does not train; names are local to the layer. */
  readonly buffers: readonly BufferSpecV1[];
  /** The shape of one sample's output (no batch axis) for the shape of one sample's input. @throws ShapeMismatchError */
  outputShape(inputShape: readonly number[]): readonly number[];
  /**
   * Multiplications, each with its addition, of one sample's forward pass through its convolutions and linear maps;
   * norms, activations and pooling count nothing. A layer made of others sums theirs. Plans and balanced partitions read
   * it. @default estimated from the parameters' shapes, each convolution as if at the output's resolution
   */
  multiplyAdds?(inputShape: readonly number[]): number;
  /**
   * How many values of one sample its backward pass needs that its forward pass computes: the outputs of its
   * convolutions, norms and poolings, its own output among them, its input not. `batchSize` is for layers that hold less
   * of a large batch: the images that come at a time; left out, few. Plans read it.
   * @default twice the outputs of all convolutions and linear maps, as if a norm came after each
   */
  activationSize?(inputShape: readonly number[], batchSize?: number): number;
  /**
   * What `apply` computes in evaluation mode, as operations on `input`: exporters write it down for other programs. A layer
   * made of others composes theirs. A layer that leaves it out can be trained, but not exported.
   */
  describe?(input: LayerValueV1): LayerValueV1;
  /**
   * `x [batch, ...inputShape]`, borrowed -> `[batch, ...outputShape]`, the caller's. Pure but for `updateBuffer`. It is
   * called in a `tf.tidy`, so that what it makes on the way need not be disposed, and must not be kept. In evaluation it
   * looks at each sample by itself.
   */
  apply(x: Tensor, context: LayerContextV1): Tensor;
}
