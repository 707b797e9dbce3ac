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
import { type SimclrOptions, simclr } from "./simclr.js";

const golden: { readonly cases: readonly LocalLossGolden<SimclrOptions>[] } = JSON.parse(
  readFileSync(new URL("./__fixtures__/golden.json", import.meta.url), "utf8"),
);

const changing =
  (change: (embedding: tf.Tensor2D) => tf.Tensor2D, only?: number) =>
  (view: LocalLossViewV1, index: number): LocalLossViewV1 =>
    only === undefined || only === index ? { ...view, embedding: change(view.embedding) } : view;

/** Turns the plane of the first two dimensions, and mirrors the last: an orthogonal map. */
const rotation = (angle: number): tf.Tensor2D =>
  tf.tensor2d([
    [Math.cos(angle), Math.sin(angle), 0, 0, 0],
    [-Math.sin(angle), Math.cos(angle), 0, 0, 0],
    [0, 0, 1, 0, 0],
    [0, 0, 0, 0, -1],
    [0, 0, 0, 1, 0],
  ]);

describeLocalLoss({
  name: "SimCLR",
  createEngine,
  create: simclr,
  golden: golden.cases,
  invariances: [
    {
      name: "each sample's embedding is scaled by a factor of its own",
      change: changing((z) => tf.mul(z, tf.tensor2d([1, 2, 1e4, 0.1, 5, 1e-3, 7, 8], [8, 1]))),
    },
    { name: "one view is scaled", change: changing((z) => tf.mul(z, 3), 1) },
    { name: "all embeddings are rotated alike", change: changing((z) => tf.matMul(z, rotation(0.7))) },
  ],
});

beforeAll(useCpuBackend);
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

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
