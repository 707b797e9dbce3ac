import type { RandomKey } from "@blockwise/random";
import type { FeatureTable } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { runningStandardization } from "./running-standardization.js";
import { scoreClassifier } from "./score-classifier.js";
import { softmaxClassifier } from "./softmax-classifier.js";

/** What a site keeps between steps, by name. */
export type OnlineSiteState = Readonly<Record<"weights" | "velocity" | "statistics" | "hits", Float32Array>>;

/** A linear classifier on one kind of a block's features, which learns while the block does. */
export interface OnlineSite {
  /** Learns from a batch; all tensors are borrowed. */
  learn(features: tf.Tensor2D, labels: tf.Tensor1D): void;
  /** Top-1 in percent of the batches since the last call, each before it was learnt from; null where there were none. */
  takeTrainingScore(): Promise<number | null>;
  /** Top-1 in percent on features that were read in evaluation mode. @throws InvalidOptionError where it has diverged */
  score(table: FeatureTable): Promise<number>;
  state(): Promise<OnlineSiteState>;
  restore(state: OnlineSiteState): void;
  dispose(): void;
}

/** Makes a site for features of a width. */
export function onlineSite(options: {
  readonly dim: number;
  readonly classCount: number;
  readonly key: RandomKey;
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
}): OnlineSite {
  const { dim, learningRate } = options;
  const classifier = softmaxClassifier(options);
  const standardization = runningStandardization(dim);
  // Counted on the engine, so that no step has to wait for it: hits, and rows.
  let hits = tf.keep(tf.tensor1d([0, 0]));
  const replaceHits = (next: tf.Tensor1D): void => {
    hits.dispose();
    hits = tf.keep(next);
  };
  return {
    learn: (features, labels) => {
      const next = tf.tidy(() => {
        const logits = classifier.learn(standardization.learn(features), labels, learningRate);
        const right = tf.cast(tf.equal(tf.argMax(logits, 1), labels), "float32");
        return tf.add(hits, tf.stack([tf.sum(right), tf.scalar(labels.size)])) as tf.Tensor1D;
      });
      replaceHits(next);
    },
    takeTrainingScore: async () => {
      const [right = 0, rows = 0] = await hits.data();
      replaceHits(tf.tensor1d([0, 0]));
      return rows === 0 ? null : (100 * right) / rows;
    },
    score: async (table) => {
      const rows = tf.tensor2d(table.features.slice(), [table.labels.length, dim]);
      const standardized = standardization.apply(rows);
      const features = Float32Array.from(await standardized.data());
      tf.dispose([rows, standardized]);
      return (await scoreClassifier(classifier, { ...table, features })).top1;
    },
    state: async () => ({
      ...(await classifier.state()),
      statistics: await standardization.state(),
      hits: Float32Array.from(await hits.data()),
    }),
    restore: ({ weights, velocity, statistics, hits: kept }) => {
      classifier.restore({ weights, velocity });
      standardization.restore(statistics);
      replaceHits(tf.tensor1d(kept.slice()));
    },
    dispose: () => {
      classifier.dispose();
      standardization.dispose();
      hits.dispose();
    },
  };
}
