import { type LocalLossInputV1, type LocalLossV1, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { localLossChecks } from "../local-loss-checks.js";
import { createSubject, disposeSubject } from "../local-loss-subject.js";

/** The embeddings of both views. @throws ShapeMismatchError */
export function embeddingsOf({ views: [first, second] }: LocalLossInputV1): [tf.Tensor2D, tf.Tensor2D] {
  const [z1, z2] = [first?.embedding, second?.embedding];
  if (z1 === undefined || z2 === undefined || z1.shape.join() !== z2.shape.join() || z1.shape[0] < 2) {
    throw new ShapeMismatchError({ subject: "embeddings", expected: "equal", received: z2?.shape ?? [] });
  }
  return [z1, z2];
}

/** The mean squared distance of the views' embeddings; `overrides` break it. */
export function distance(overrides: Partial<LocalLossV1> = {}): LocalLossV1 {
  return {
    specificationVersion: "v1",
    kind: "local-loss",
    id: "distance",
    options: {},
    capabilities: { views: 2, labels: false, minimumBatchSize: 2, symmetric: true },
    doInit: () => ({ parameters: [], buffers: [] }),
    doCompute: (input) => tf.tidy(() => scored(meanSquare(...embeddingsOf(input)))),
    ...overrides,
  };
}

/** The mean squared difference of two tensors. */
export const meanSquare = (a: tf.Tensor, b: tf.Tensor): tf.Scalar => tf.mean(tf.square(tf.sub(a, b)));
/** A loss of one term. */
export const scored = (total: tf.Scalar): { total: tf.Scalar; terms: { distance: tf.Scalar } } => ({
  total,
  terms: { distance: tf.clone(total) },
});
/** The distance with another formula. */
export const computing = (compute: (z1: tf.Tensor2D, z2: tf.Tensor2D) => tf.Scalar): LocalLossV1 =>
  distance({ doCompute: (input) => tf.tidy(() => scored(compute(...embeddingsOf(input)))) });

/** The checks that a loss fails, each with what it says: `"<name>: <message>"`. */
export async function failures(loss: LocalLossV1): Promise<string[]> {
  const subject = createSubject(loss);
  const failed: string[] = [];
  for (const { name, run } of localLossChecks) {
    await Promise.resolve()
      .then(() => run(subject, 1))
      .catch((error: Error) => failed.push(`${name}: ${error.message}`));
  }
  disposeSubject(subject);
  return failed;
}

