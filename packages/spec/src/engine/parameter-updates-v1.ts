import type { Tensor } from "@tensorflow/tfjs-core";

/** A step along a running direction, as of SGD and LARS. All tensors have the parameter's shape and are borrowed. */
export interface MomentumUpdateV1 {
  /** The parameter `p` before the step. */
  readonly parameter: Tensor;
  /** The gradient `g` of the block's loss by it. */
  readonly gradient: Tensor;
  /** The running direction so far; null for none, where nothing is kept. */
  readonly momentum: Tensor | null;
  /** How much of the running direction is kept. */
  readonly keep: number;
  /** Looks one step ahead along the running direction. */
  readonly nesterov: boolean;
  /** Coefficient of the parameter that is added to the gradient. */
  readonly weightDecay: number;
  /** Length of the step along the running direction. */
  readonly learningRate: number;
  /** Scales the decayed gradient by `min(coefficient ||p|| / ||g||, limit)`, 1 where either norm is 0; null for no scaling. */
  readonly trust: { readonly coefficient: number; readonly limit: number } | null;
}

/** A step along a running mean over the root of a running mean of squares, as of Adam. All tensors are borrowed. */
export interface MomentsUpdateV1 {
  /** The parameter `p` before the step. */
  readonly parameter: Tensor;
  /** The gradient `g` of the block's loss by it. */
  readonly gradient: Tensor;
  /** Running mean of gradients. */
  readonly mean: Tensor;
  /** Running mean of squared gradients. */
  readonly square: Tensor;
  /** How much of the mean is kept; the rest is the gradient. */
  readonly keepMean: number;
  /** How much of the mean of squares is kept; the rest is the squared gradient. */
  readonly keepSquare: number;
  /** What the parameter is multiplied by before the step. */
  readonly shrink: number;
  /** Length of the step, the corrections of both means within. */
  readonly rate: number;
  /** Added to the root. */
  readonly epsilon: number;
}

/**
 * Updates of one parameter that an engine may do in one operation, where plain TensorFlow.js takes one for each term. An
 * optimiser uses them where they are there and gets the same to rounding without. Outputs are new tensors, the caller's.
 */
export interface ParameterUpdatesV1 {
  /**
   * `g <- (g + weightDecay p) trustRatio; b <- keep b + g; p <- p - learningRate b` (nesterov: `g + keep b` in place of b).
   * The momentum is null where the input's is.
   */
  withMomentum(update: MomentumUpdateV1): { readonly parameter: Tensor; readonly momentum: Tensor | null };
  /**
   * `m <- keepMean m + (1 - keepMean) g; v <- keepSquare v + (1 - keepSquare) g^2; p <- shrink p - rate m / (sqrt(v) + epsilon)`.
   */
  withMoments(update: MomentsUpdateV1): {
    readonly parameter: Tensor;
    readonly mean: Tensor;
    readonly square: Tensor;
  };
}
