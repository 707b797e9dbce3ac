import { readFileSync } from "node:fs";
import {
  describeLocalLoss,
  evaluateLocalLoss,
  type LocalLossGolden,
  useCpuBackend,
} from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type SimclrOptions, simclr } from "./simclr.js";

const golden: { readonly cases: readonly LocalLossGolden<SimclrOptions>[] } = JSON.parse(
  readFileSync(new URL("./__fixtures__/golden.json", import.meta.url), "utf8"),
);

describeLocalLoss({ name: "SimCLR", create: simclr, golden: golden.cases });

beforeAll(useCpuBackend);
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const random = (seed: number, shape: [number, number] = [8, 5]): tf.Tensor2D =>
  tf.randomNormal(shape, 0, 1, "float32", seed);

describe("simclr", () => {
  it("has the closed value for equal views of orthogonal samples", () => {
    const z = tf.tensor2d([
      [3, 0],
      [0, 0.5],
    ]);
    const { total, terms } = evaluateLocalLoss(simclr({ temperature: 0.5 }), [z, z]);
    expect(total).toBeCloseToTensor(Math.log(Math.exp(2) + 2) - 2);
    expect(terms.alignment).toBeCloseToTensor(-2);
  });

  it("has the value of chance for a collapse: the logarithm of the number of others", () => {
    const { total } = evaluateLocalLoss(simclr(), [tf.ones([8, 5]), tf.ones([8, 5])]);
    expect(total).toBeCloseToTensor(Math.log(15));
  });

  it("does not change when a sample's embedding is scaled", () => {
    const [z1, z2] = [random(1), random(2)];
    const lengths = tf.tensor2d([1, 2, 1e4, 0.1, 5, 1e-3, 7, 8], [8, 1]);
    const { total } = evaluateLocalLoss(simclr(), [z1, z2]);
    expect(evaluateLocalLoss(simclr(), [tf.mul(z1, lengths), tf.mul(z2, 3)]).total).toBeCloseToTensor(total);
  });

  it("stays finite and right at a temperature that would overflow an exponential", () => {
    const z = tf.tensor2d([
      [1, 0],
      [0, 1],
    ]);
    const opposed = evaluateLocalLoss(simclr({ temperature: 1e-3 }), [z, tf.neg(z)]);
    expect(opposed.total).toBeCloseToTensor(1000 + Math.log(2));
    expect(evaluateLocalLoss(simclr({ temperature: 1e-3 }), [z, z]).total).toBeCloseTo(0, 3);
  });

  it.each([0, -1, Number.NaN, Infinity])("refuses a temperature of %d", (temperature) => {
    expect(() => simclr({ temperature })).toThrow(expect.objectContaining({ option: "temperature" }));
  });
});
