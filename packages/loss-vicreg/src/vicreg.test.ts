import { readFileSync } from "node:fs";
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

describeLocalLoss({ name: "VICReg", create: vicreg, seed: 2, golden: golden.cases });

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

  it("does not change its variance and covariance when an embedding is shifted", () => {
    const [z1, z2] = [random(1), random(2)];
    const { terms } = evaluateLocalLoss(vicreg(), [z1, z2]);
    const shifted = evaluateLocalLoss(vicreg(), [tf.add(z1, 3), tf.sub(z2, 1)]).terms;
    expect(shifted.variance).toBeCloseToTensor(terms.variance ?? 0, { relative: 1e-4 });
    expect(shifted.covariance).toBeCloseToTensor(terms.covariance ?? 0, { relative: 1e-4 });
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
