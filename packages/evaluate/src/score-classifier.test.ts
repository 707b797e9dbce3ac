import { rootKey } from "@blockwise/random";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, it } from "vitest";
import { scoreClassifier } from "./score-classifier.js";
import { type SoftmaxClassifier, softmaxClassifier } from "./softmax-classifier.js";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

/** Features of one dimension; class `c` has the logit `factors[c] * x`. */
function classifierOf(factors: readonly number[]): SoftmaxClassifier {
  const classifier = softmaxClassifier({ dim: 1, classCount: factors.length, key: rootKey(0) });
  const weights = Float32Array.from(factors.flatMap((factor) => [factor, 0]));
  classifier.restore({ weights, velocity: new Float32Array(weights.length) });
  return classifier;
}

describe("scoreClassifier", () => {
  it("scores tables that are longer than a batch, and leaves no tensor", async () => {
    const classifier = classifierOf([0, 1, 2, 3, 4, 5, 6]);
    const before = tf.memory().numTensors;
    // Class 6 is first for every row, classes 2 to 6 are the first five.
    const labels = Int32Array.from({ length: 1100 }, (_, row) => (row < 11 ? 6 : row < 33 ? 2 : 0));
    const features = new Float32Array(1100).fill(1);
    expect(await scoreClassifier(classifier, { features, dim: 1, labels })).toEqual({ top1: 1, top5: 3 });
    expect(tf.memory().numTensors).toBe(before);
    classifier.dispose();
  });

  it("says nothing of five guesses where there are not more classes", async () => {
    const classifier = classifierOf([1, 2]);
    const table = { features: Float32Array.of(1, -1), dim: 1, labels: Int32Array.of(1, 1) };
    expect(await scoreClassifier(classifier, table)).toEqual({ top1: 50, top5: null });
    classifier.dispose();
  });

  it("refuses weights that have diverged", async () => {
    const classifier = classifierOf([1, Number.NaN]);
    const table = { features: Float32Array.of(1), dim: 1, labels: Int32Array.of(1) };
    await expect(scoreClassifier(classifier, table)).rejects.toThrow(/learningRate/);
    classifier.dispose();
  });
});
