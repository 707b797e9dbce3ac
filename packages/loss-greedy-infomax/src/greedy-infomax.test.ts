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
import { type GreedyInfoMaxOptions, greedyInfoMax } from "./greedy-infomax.js";

const golden: { readonly cases: readonly LocalLossGolden<GreedyInfoMaxOptions>[] } = JSON.parse(
  readFileSync(new URL("./__fixtures__/golden.json", import.meta.url), "utf8"),
);

describeLocalLoss({
  name: "Greedy InfoMax",
  createEngine,
  create: (options: GreedyInfoMaxOptions = { predictionSteps: 2 }) => greedyInfoMax(options),
  site: { batchSize: 4, mapShape: [3, 2, 2] },
  golden: golden.cases,
  invariances: [
    {
      name: "columns change places",
      change: (view) => ({ ...view, map: tf.reverse(view.map, 2) }),
    },
    {
      name: "the samples of one view change places",
      change: (view, index) => (index === 0 ? { ...view, map: tf.reverse(view.map, 0) } : view),
    },
    {
      name: "a constant is added to all patches of the lowest row, which predicts nothing",
      // Every candidate of a context gains the same score.
      change: (view) => ({ ...view, map: tf.add(view.map, tf.tensor4d([0, 0, 1], [1, 3, 1, 1])) }),
      terms: ["step2"],
    },
    {
      name: "features and embeddings change, which it does not look at",
      change: ({ map, feature, embedding }) => ({
        map,
        feature: tf.neg(feature),
        embedding: tf.mul(embedding, 2),
      }),
      relative: 0,
    },
  ],
});

beforeAll(useCpuBackend);

/** The loss of maps that are the same in both views. */
function lossOf(options: GreedyInfoMaxOptions, map: tf.Tensor4D, weight?: tf.Tensor2D): number {
  const loss = greedyInfoMax(options);
  const [batchSize, ...mapShape] = map.shape;
  const subject = createSubject(loss, { batchSize, mapShape });
  try {
    return tf.tidy(() => {
      const sample = randomSample(subject, 1);
      const views = sample.views.map((view) => ({ ...view, map }));
      const parameters = weight === undefined ? [...subject.parameters.values()] : [weight];
      return loss.doCompute(lossInput(subject, { ...sample, views }, parameters)).total.arraySync();
    });
  } finally {
    disposeSubject(subject);
  }
}

/** Each sample has one channel of its own, all over its map. */
const ownChannels = (size: number, scale: number): tf.Tensor4D =>
  tf.mul(tf.tile(tf.reshape(tf.eye(size), [size, 1, 1, size]), [1, 2, 2, 1]), scale);

describe("greedyInfoMax", () => {
  it("has the value of chance for a collapse: the logarithm of the number of candidates", () => {
    expect(lossOf({ predictionSteps: 1 }, tf.ones([6, 4, 4, 3]))).toBeCloseToTensor(Math.log(6));
    const two = lossOf({ predictionSteps: 2, negatives: 2 }, tf.ones([6, 4, 4, 3]));
    expect(two).toBeCloseToTensor(Math.log(3));
  });

  it("falls to 0 where each sample is sure of its own patches, and has its closed value before", () => {
    const options = { predictionSteps: 1 };
    expect(lossOf(options, ownChannels(4, 1), tf.eye(4))).toBeCloseToTensor(Math.log(Math.E + 3) - 1);
    expect(lossOf(options, ownChannels(4, 100), tf.eye(4))).toBeCloseTo(0, 6);
    expect(lossOf({ ...options, temperature: 0.5 }, ownChannels(4, 1), tf.eye(4))).toBeCloseToTensor(
      Math.log(Math.exp(2) + 3) - 2,
    );
  });

  it("counts all samples but the own one as negatives where as many are asked for", () => {
    const map = tf.randomNormal<tf.Rank.R4>([5, 2, 2, 3], 0, 1, "float32", 3);
    const weight = tf.randomNormal<tf.Rank.R2>([3, 3], 0, 1, "float32", 4);
    const some = lossOf({ predictionSteps: 1, negatives: 4 }, map, weight);
    expect(some).toBeCloseToTensor(lossOf({ predictionSteps: 1 }, map, weight));
    expect(lossOf({ predictionSteps: 1, negatives: 3 }, map, weight)).toBeLessThan(some);
  });

  it("has one matrix a step, as wide as the map has channels", () => {
    const site = { mapShape: [8, 8, 16] } as unknown as LocalLossSiteV1;
    expect(
      greedyInfoMax()
        .doInit(site)
        .parameters.map(({ name, shape }) => [name, shape]),
    ).toEqual([
      ["predict.1.weight", [16, 16]],
      ["predict.2.weight", [16, 16]],
      ["predict.3.weight", [16, 16]],
    ]);
    expect(greedyInfoMax({ negatives: 16 }).capabilities.minimumBatchSize).toBe(17);
  });

  it.each<[readonly number[], GreedyInfoMaxOptions, RegExp]>([
    [
      [2, 2, 64],
      {},
      /block 3 must have shape .* more than 3 rows .* has \[2, 2, 64\].* predictionSteps of 1/,
    ],
    [[1, 1, 64], { predictionSteps: 1 }, /another loss for this block/],
    [
      [8, 8, 64],
      { predictionSteps: 4, grid: 4 },
      /predictionSteps of 3 at most for this block, or a finer grid/,
    ],
  ])("refuses a map of %o for %o, and says what to do", (mapShape, options, message) => {
    const site = { blockIndex: 3, mapShape } as unknown as LocalLossSiteV1;
    expect(() => greedyInfoMax(options).doInit(site)).toThrow(message);
  });

  it.each([
    { predictionSteps: 0 },
    { predictionSteps: 1.5 },
    { negatives: 0 },
    { negatives: "none" as "all" },
    { temperature: 0 },
    { temperature: Infinity },
    { grid: 1 },
  ])("refuses %o", (options) => {
    const [name] = Object.keys(options);
    expect(() => greedyInfoMax(options)).toThrow(expect.objectContaining({ option: name }));
  });
});
