import { readFileSync } from "node:fs";
import { createEngine } from "@blockwise/engine";
import type { LocalLossSiteV1 } from "@blockwise/spec";
import {
  createSubject,
  describeLocalLoss,
  disposeSubject,
  type LocalLossGolden,
  lossInput,
  randomSample,
  useCpuBackend,
} from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { type CrossEntropyOptions, crossEntropy } from "./cross-entropy.js";

const golden: { readonly cases: readonly LocalLossGolden<CrossEntropyOptions>[] } = JSON.parse(
  readFileSync(new URL("./__fixtures__/golden.json", import.meta.url), "utf8"),
);

describeLocalLoss({
  name: "cross-entropy",
  createEngine,
  create: crossEntropy,
  golden: golden.cases,
  invariances: [
    {
      name: "embeddings and maps change, which it does not look at",
      change: ({ map, feature, embedding }) => ({
        map: tf.mul(map, 2),
        feature,
        embedding: tf.neg(embedding),
      }),
      relative: 0,
    },
  ],
});
describeLocalLoss({
  name: "cross-entropy of smoothed targets on embeddings of one view",
  createEngine,
  create: (options?: CrossEntropyOptions) =>
    crossEntropy(options ?? { input: "embedding", labelSmoothing: 0.2, views: 1 }),
});

beforeAll(useCpuBackend);

/** The total for a batch of three classes whose logits are the features themselves. */
function totalOf(features: number[][], labels: number[], options: CrossEntropyOptions = {}): number {
  const loss = crossEntropy({ ...options, views: 1 });
  const subject = createSubject(loss, { batchSize: labels.length, featureDim: 3 });
  try {
    return tf.tidy(() => {
      const [view] = randomSample(subject, 1).views;
      if (view === undefined) throw new Error("A view.");
      const views = [{ ...view, feature: tf.tensor2d(features) }];
      const sample = { views, next: null, labels: tf.tensor1d(labels, "int32") };
      const parameters = [tf.eye(3), tf.zeros([3])];
      return loss.doCompute(lossInput(subject, sample, parameters)).total.arraySync();
    });
  } finally {
    disposeSubject(subject);
  }
}

describe("crossEntropy", () => {
  it("is the logarithm of the number of classes where all are equally likely", () => {
    expect(totalOf([[5, 5, 5]], [1])).toBeCloseToTensor(Math.log(3));
    expect(totalOf([[5, 5, 5]], [1], { labelSmoothing: 0.5 })).toBeCloseToTensor(Math.log(3));
  });

  it("does not change when all logits of a sample are shifted, and is right far beyond exp's range", () => {
    expect(totalOf([[1e4, 1e4 - 1, 1e4 - 2]], [0])).toBeCloseToTensor(totalOf([[0, -1, -2]], [0]));
    expect(totalOf([[0, 1e4, 0]], [0])).toBe(1e4);
    expect(totalOf([[0, 1e4, 0]], [1])).toBeCloseTo(0, 9);
  });

  it("averages over samples", () => {
    const [first, second] = [totalOf([[1, 2, 3]], [0]), totalOf([[3, 0, 0]], [2])];
    expect(
      totalOf(
        [
          [1, 2, 3],
          [3, 0, 0],
        ],
        [0, 2],
      ),
    ).toBeCloseToTensor((first + second) / 2);
  });

  it("has a classifier as wide as what it sees", () => {
    const site = { featureDim: 16, embeddingDim: 9, classCount: 10 } as LocalLossSiteV1;
    const shapes = (options: CrossEntropyOptions) =>
      crossEntropy(options)
        .doInit(site)
        .parameters.map(({ name, shape }) => [name, shape]);
    expect(shapes({})).toEqual([
      ["classifier.weight", [16, 10]],
      ["classifier.bias", [10]],
    ]);
    expect(shapes({ input: "embedding" })[0]?.[1]).toEqual([9, 10]);
  });

  it("says what to do without labels, or with those of another data set", () => {
    const unlabelled = { featureDim: 3, classCount: null } as LocalLossSiteV1;
    expect(() => crossEntropy().doInit(unlabelled)).toThrow(
      /"classCount" must be 2 or more.*labelled images/,
    );
    expect(() => totalOf([[1, 2, 3]], [3])).toThrow(
      'Option "labels" must be whole numbers from 0 to 2, as there are 3 classes, but is 3.',
    );
    expect(() => totalOf([[1, 2, 3]], [-1])).toThrow(/but is -1/);
  });

  it.each([
    { input: "map" as "feature" },
    { labelSmoothing: -0.1 },
    { labelSmoothing: 1 },
    { labelSmoothing: Number.NaN },
    { views: 0 },
    { views: 1.5 },
  ])("refuses %o", (options) => {
    const [name] = Object.keys(options);
    expect(() => crossEntropy(options)).toThrow(expect.objectContaining({ option: name }));
  });
});
