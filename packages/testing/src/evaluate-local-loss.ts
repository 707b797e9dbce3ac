import type { LocalLossV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { createSubject, disposeSubject, lossInput, randomSample } from "./local-loss-subject.js";

/** The numbers that a loss gives. */
export interface LocalLossValues {
  /** What the block would descend on. */
  readonly total: number;
  /** The named terms. */
  readonly terms: Readonly<Record<string, number>>;
}

/**
 * What a loss makes of embeddings, one `[batch, embeddingDim]` matrix a view; maps and features are random, labels take
 * their turns.
 *
 * @param embeddings Borrowed.
 */
export function evaluateLocalLoss(loss: LocalLossV1, embeddings: readonly tf.Tensor2D[]): LocalLossValues {
  const [batchSize = 0, embeddingDim = 0] = embeddings[0]?.shape ?? [];
  const subject = createSubject(loss, { batchSize, embeddingDim });
  try {
    return tf.tidy(() => {
      const sample = randomSample(subject, 1);
      const views = sample.views.map((view, index) => ({
        ...view,
        embedding: embeddings[index] ?? view.embedding,
      }));
      const { total, terms } = loss.doCompute(lossInput(subject, { ...sample, views }));
      const values = Object.entries(terms).map(([name, term]) => [name, term.arraySync()]);
      return { total: total.arraySync(), terms: Object.fromEntries(values) };
    });
  } finally {
    disposeSubject(subject);
  }
}
