import { type FeatureTable, InvalidOptionError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { countHits } from "./count-hits.js";
import type { SoftmaxClassifier } from "./softmax-classifier.js";

/** Rows that are on the engine at a time. */
const batchRows = 1024;

/** How many of a split's rows a classifier gets right. */
export interface ClassifierScore {
  /** In percent. */
  readonly top1: number;
  /** In percent, of those with the class among the first five guesses; null for fewer than six classes. */
  readonly top5: number | null;
}

/**
 * Scores a classifier on a table of its features' width.
 *
 * @throws InvalidOptionError where its weights have diverged; ShapeMismatchError for features of another width
 */
export async function scoreClassifier(
  classifier: SoftmaxClassifier,
  { features, dim, labels }: FeatureTable,
): Promise<ClassifierScore> {
  let first = 0;
  let firstFive = 0;
  for (let start = 0; start < labels.length; start += batchRows) {
    const chosen = labels.subarray(start, start + batchRows);
    const rows = features.slice(start * dim, (start + chosen.length) * dim);
    const logits = tf.tidy(() => classifier.logits(tf.tensor2d(rows, [chosen.length, dim])));
    const values = await logits.data();
    logits.dispose();
    requireFinite(values);
    const hits = countHits(values, chosen);
    first += hits.first;
    firstFive += hits.firstFive;
  }
  return {
    top1: (100 * first) / labels.length,
    top5: classifier.classCount > 5 ? (100 * firstFive) / labels.length : null,
  };
}

function requireFinite(values: ArrayLike<number>): void {
  for (let place = 0; place < values.length; place++) {
    if (Number.isFinite(values[place])) continue;
    throw new InvalidOptionError({
      option: "learningRate",
      expected: "low enough for the classifier's weights to stay finite",
      received: values[place],
      hint: "Lower it: features of this size make it diverge.",
    });
  }
}
