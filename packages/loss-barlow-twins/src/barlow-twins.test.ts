import { readFileSync } from "node:fs";
import {
  describeLocalLoss,
  evaluateLocalLoss,
  type LocalLossGolden,
  useCpuBackend,
} from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BarlowTwinsOptions, barlowTwins } from "./barlow-twins.js";

const golden: { readonly cases: readonly LocalLossGolden<BarlowTwinsOptions>[] } = JSON.parse(
  readFileSync(new URL("./__fixtures__/golden.json", import.meta.url), "utf8"),
);

describeLocalLoss({ name: "Barlow Twins", create: barlowTwins, golden: golden.cases });

beforeAll(useCpuBackend);
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const random = (seed: number, shape: [number, number] = [8, 5]): tf.Tensor2D =>
  tf.randomNormal(shape, 0, 1, "float32", seed);

/** Orthogonal columns of plus and minus one; all but the first have mean 0. `size` is a power of 2. */
function hadamard(size: number): tf.Tensor2D {
  if (size === 1) return tf.ones([1, 1]);
  const half = hadamard(size / 2);
  return tf.concat2d([tf.concat2d([half, half], 1), tf.concat2d([half, tf.neg(half)], 1)], 0);
}

/** Columns of mean 0 and variance 1 that are orthogonal to each other, `[4, 3]`. */
const orthogonal = (): tf.Tensor2D => tf.slice(hadamard(4), [0, 1]);

describe("barlowTwins", () => {
  it("is 0 for equal embeddings with independent dimensions", () => {
    const { total } = evaluateLocalLoss(barlowTwins(), [orthogonal(), orthogonal()]);
    expect(total).toBeCloseTo(0, 9);
  });

  it("counts opposite embeddings as 4 a dimension", () => {
    const { terms } = evaluateLocalLoss(barlowTwins({ scale: 0.5 }), [orthogonal(), tf.neg(orthogonal())]);
    expect(terms.invariance).toBeCloseToTensor(0.5 * 3 * 4, { relative: 1e-4 });
    expect(terms.redundancy).toBeCloseTo(0, 9);
  });

  it("counts each pair of equal dimensions twice, weighted by lambda", () => {
    const twin = tf.tile(tf.slice(orthogonal(), [0, 0], [4, 1]), [1, 3]);
    const { terms } = evaluateLocalLoss(barlowTwins({ lambda: 0.1, scale: 1 }), [twin, twin]);
    expect(terms.invariance).toBeCloseTo(0, 8);
    expect(terms.redundancy).toBeCloseToTensor(0.1 * 6, { relative: 1e-4 });
  });

  it("sees a small correlation beside a converged diagonal", () => {
    const independent = tf.slice(hadamard(64), [0, 1]);
    const [first, second, ...others] = tf.unstack(independent, 1) as [tf.Tensor, tf.Tensor, ...tf.Tensor[]];
    const z = tf.stack([first, tf.add(second, tf.mul(first, 1e-3)), ...others], 1) as tf.Tensor2D;
    const { terms } = evaluateLocalLoss(barlowTwins({ lambda: 1, scale: 1 }), [z, z]);
    expect(terms.redundancy).toBeCloseToTensor(2e-6, { relative: 1e-3 });
  });

  it("does not change when dimensions are scaled and shifted", () => {
    const [z1, z2] = [random(1), random(2)];
    const scale = tf.tensor1d([1, 20, 0.3, 5, 100]);
    const { total } = evaluateLocalLoss(barlowTwins(), [z1, z2]);
    const changed = evaluateLocalLoss(barlowTwins(), [tf.add(tf.mul(z1, scale), 3), tf.sub(z2, scale)]);
    expect(changed.total).toBeCloseToTensor(total, { relative: 1e-4 });
  });

  it.each([{ lambda: -1 }, { scale: 0 }, { scale: Number.NaN }, { epsilon: 0 }, { lambda: Infinity }])(
    "refuses %o",
    (options) => {
      const [name] = Object.keys(options);
      expect(() => barlowTwins(options)).toThrow(expect.objectContaining({ option: name }));
    },
  );
});
