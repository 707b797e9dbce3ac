import type { LayerV1, OperationsV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { createLayerSubject, type LayerSubject } from "../layer-subject.js";

/** A layer, and what it is tried out on. */
export interface LayerUnderTest {
  /** What is tested. */
  readonly layer: LayerV1;
  /** The shape of one sample, without the batch axis. */
  readonly inputShape: readonly number[];
  /** How many random samples it is given. */
  readonly batchSize: number;
  /** Of the random input. */
  readonly seed: number;
}

/** Random samples for a layer, N(0, 1); the caller's. */
export function randomInput({ inputShape, batchSize, seed }: LayerUnderTest): tf.Tensor {
  return tf.randomNormal([batchSize, ...inputShape], 0, 1, "float32", seed * 1000);
}

/** Runs a check on a layer with parameters of its own, in a tidy; all is disposed after it. */
export function withLayer(
  test: LayerUnderTest,
  check: (subject: LayerSubject, x: tf.Tensor) => void,
  operations?: OperationsV1,
): void {
  const subject = createLayerSubject(test.layer, operations);
  try {
    tf.tidy(() => check(subject, randomInput(test)));
  } finally {
    subject.dispose();
  }
}

/**
 * A layer's output and its gradients by input and parameters, of the sum of all outputs, each weighted by a random number.
 * Null where the output does not depend on one. All are the enclosing tidy's.
 */
export function differentiateLayer(
  subject: LayerSubject,
  x: tf.Tensor,
  seed: number,
): { readonly output: tf.Tensor; readonly gradients: readonly (tf.Tensor | null)[] } {
  const inputs = [x, ...subject.parameters.values()];
  const weighted = (): tf.Scalar => {
    const y = subject.apply(x);
    return tf.sum(tf.mul(y, outputWeights(y.shape, seed)));
  };
  const { grads } = tf.engine().gradients(weighted, inputs, undefined, true);
  return { output: subject.apply(x), gradients: inputs.map((_, place) => grads[place] ?? null) };
}

/** What each output counts in the sum whose gradient is taken. */
export function outputWeights(shape: readonly number[], seed: number): tf.Tensor {
  return tf.randomNormal([...shape], 0, 1, "float32", seed * 1000 + 1);
}
