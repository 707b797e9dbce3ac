import * as tf from "@tensorflow/tfjs-core";
import { freeTapeOnTheWay } from "./frugal-tape.js";

/** A value, and its gradient with respect to each input; null where it does not depend on it. The caller's. */
export interface ValueAndGradients {
  readonly value: tf.Scalar;
  readonly gradients: readonly (tf.Tensor | null)[];
}

/**
 * Differentiates `f` with respect to `inputs` (borrowed), like `tf.variableGrads`; it may depend on some or none of
 * them. Activations are freed as the backward pass has done with them. Where `f` or a gradient throws, no tensor of it is left.
 */
export function gradientsOf(f: () => tf.Scalar, inputs: readonly tf.Tensor[]): ValueAndGradients {
  const engine = tf.engine();
  let computed: tf.Scalar | undefined;
  const compute = (): tf.Scalar => {
    computed = f();
    freeTapeOnTheWay();
    return computed;
  };
  try {
    const { value, grads } = engine.gradients(compute, [...inputs], undefined, true);
    return { value, gradients: grads.map((gradient) => gradient ?? null) };
  } catch (error) {
    // TensorFlow.js frees the value, and what the tape keeps for gradients, only when all goes well.
    computed?.dispose();
    if (engine.state.gradientDepth === 0) {
      for (const { saved } of engine.state.activeTape ?? []) tf.dispose(saved ?? []);
      engine.state.activeTape = [];
    }
    throw error;
  }
}
