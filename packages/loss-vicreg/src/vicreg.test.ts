import { readFileSync } from "node:fs";
import { createEngine } from "@blockwise/engine";
import type { LocalLossViewV1 } from "@blockwise/spec";
import {
  describeLocalLoss,
  evaluateLocalLoss,
  type LocalLossGolden,
  useCpuBackend,
} from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type VicregOptions, vicreg } from "./vicreg.js";

const golden: { readonly cases: readonly LocalLossGolden<VicregOptions>[] } = JSON.parse(
  readFileSync(new URL("./__fixtures__/golden.json", import.meta.url), "utf8"),
);

const changing =
  (change: (embedding: tf.Tensor2D, index: number) => tf.Tensor2D) =>
  (view: LocalLossViewV1, index: number): LocalLossViewV1 => ({
    ...view,
    embedding: change(view.embedding, index),
  });

describeLocalLoss({
  name: "VICReg",
  createEngine,
  create: vicreg,
  seed: 2,
  golden: golden.cases,
  invariances: [
    { name: "both views are shifted alike", change: changing((z) => tf.add(z, [3, -1, 0.5, 10, 0])) },
    {
      name: "each view is shifted by itself",
      terms: ["variance", "covariance"],
      change: changing((z, index) => tf.add(z, index === 0 ? 3 : -1)),
    },
    { name: "dimensions are mirrored in both views", change: changing((z) => tf.mul(z, [-1, 1, -1, -1, 1])) },
    { name: "dimensions change places in both views", change: changing((z) => tf.reverse(z, 1)) },
    {
      name: "the samples of one view change places",
      terms: ["variance", "covariance"],
      change: changing((z, index) => (index === 0 ? tf.reverse(z, 0) : z)),
    },
  ],
});

beforeAll(useCpuBackend);
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const random = (seed: number, shape: [number, number] = [8, 5]): tf.Tensor2D =>
  tf.randomNormal(shape, 0, 1, "float32", seed);

describe("vicreg", () => {
  it("sees a collapse in its variance term alone", () => {
    const { terms } = evaluateLocalLoss(vicreg(), [tf.ones([8, 5]), tf.ones([8, 5])]);
    expect(terms.variance).toBeCloseToTensor(25 * (1 - 0.01));
    expect([terms.similarity, terms.covariance]).toEqual([0, 0]);
  });

  it("is 0 for equal, wide and independent embeddings", () => {
    const wide = tf.tensor2d([
      [2, 2],
      [2, -2],
      [-2, 2],
      [-2, -2],
    ]);
    expect(evaluateLocalLoss(vicreg(), [wide, wide]).total).toBe(0);
  });

  it("takes unbiased variance and covariance", () => {
    const z = tf.tensor2d([
      [0.5, 0.5],
      [-0.5, -0.5],
    ]);
    const { terms } = evaluateLocalLoss(vicreg(), [z, z]);
    expect(terms.variance).toBeCloseToTensor(25 * (1 - Math.sqrt(0.5 + 1e-4)));
    expect(terms.covariance).toBeCloseToTensor(2 * ((2 * 0.5 ** 2) / 2));
  });

  it("halves the variance term over the two views, as the authors' code does", () => {
    const [collapsed, wide] = [tf.zeros<tf.Rank.R2>([8, 5]), tf.mul<tf.Tensor2D>(random(1), 100)];
    // One view of the two falls short by 1 - sqrt(1e-4): half of what two would count.
    const { terms } = evaluateLocalLoss(vicreg(), [collapsed, wide]);
    expect(terms.variance).toBeCloseToTensor((25 / 2) * 0.99);
  });

  it("weights its terms by its options", () => {
    const views = [random(1), random(2)];
    const { terms } = evaluateLocalLoss(vicreg({ similarity: 1, variance: 1, covariance: 1 }), views);
    const weighted = evaluateLocalLoss(vicreg({ similarity: 2, variance: 3, covariance: 0 }), views).terms;
    expect(weighted.similarity).toBeCloseToTensor(2 * (terms.similarity ?? 0));
    expect(weighted.variance).toBeCloseToTensor(3 * (terms.variance ?? 0));
    expect(weighted.covariance).toBe(0);
  });

  it.each([{ similarity: -1 }, { variance: Number.NaN }, { covariance: Infinity }])(
    "refuses %o",
    (options) => {
      const [name] = Object.keys(options);
      expect(() => vicreg(options)).toThrow(expect.objectContaining({ option: name }));
    },
  );
});
