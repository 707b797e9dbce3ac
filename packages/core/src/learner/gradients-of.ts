import * as tf from "@tensorflow/tfjs-core";
import { backwardPass, type Tape } from "./backward-pass.js";
import { sharedCopy } from "./shared-copy.js";

/** A value, and its gradient with respect to each input; null where it does not depend on it. The caller's. */
export interface ValueAndGradients {
  readonly value: tf.Scalar;
  readonly gradients: readonly (tf.Tensor | null)[];
}

/**
 * Differentiates `f` with respect to `inputs` (borrowed), like `tf.variableGrads`; it may depend on some or none of
 * them. Activations are freed as the backward pass has done with them. Where `f` or a gradient throws, no tensor of it is left.
 *
 * It has a tape to itself: `f` may take gradients, but it cannot be called where others are being taken.
 */
export function gradientsOf(f: () => tf.Scalar, inputs: readonly tf.Tensor[]): ValueAndGradients {
  const { state } = tf.engine();
  if (state.gradientDepth > 0)
    throw new Error("gradientsOf was called while other gradients are being taken.");
  const tape: Tape = [];
  state.activeTape = tape;
  let value: tf.Scalar | undefined;
  try {
    value = record(f);
    return { value, gradients: backwardPass(tape, value, inputs) };
  } catch (error) {
    value?.dispose();
    throw error;
  } finally {
    for (const { saved } of tape) tf.dispose(saved ?? []);
    state.activeTape = [];
  }
}

/** Runs `f` with all of its operations put down on the active tape. */
function record(f: () => tf.Scalar): tf.Scalar {
  const engine = tf.engine();
  // A step makes hundreds of copies for its gradients. TensorFlow.js runs a kernel for each.
  Object.defineProperty(engine, "clone", { value: copyForGradient, configurable: true });
  engine.state.gradientDepth++;
  try {
    return tf.tidy(f);
  } finally {
    engine.state.gradientDepth--;
    Reflect.deleteProperty(engine, "clone");
  }
}

/** What operations save for their gradients; on the tape, since a gradient that `f` takes may be differentiated in turn. */
function copyForGradient(x: tf.Tensor): tf.Tensor {
  const { state } = tf.engine();
  const copy = sharedCopy(x);
  state.activeTape.push({
    id: state.nextTapeNodeId++,
    kernelName: tf.Identity,
    inputs: { x },
    outputs: [copy],
    gradient: handThrough,
    saved: [],
  });
  return copy;
}

function handThrough([gradient]: readonly tf.Tensor[]): { x: () => tf.Tensor } {
  return { x: () => tf.clone(gradient as tf.Tensor) };
}
