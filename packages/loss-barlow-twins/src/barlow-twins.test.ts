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
import { type BarlowTwinsOptions, barlowTwins } from "./barlow-twins.js";

const golden: { readonly cases: readonly LocalLossGolden<BarlowTwinsOptions>[] } = JSON.parse(
  readFileSync(new URL("./__fixtures__/golden.json", import.meta.url), "utf8"),
);

/** `factors[j] * z_j + shift_j` in one view or both. */
const affine =
  (factors: readonly number[], only?: number) =>
  (view: LocalLossViewV1, index: number): LocalLossViewV1 =>
    only === undefined || only === index
      ? { ...view, embedding: tf.add(tf.mul(view.embedding, factors), [3, -20, 0.1, 0, 1]) }
      : view;

describeLocalLoss({
  name: "Barlow Twins",
  createEngine,
  create: barlowTwins,
  golden: golden.cases,
  invariances: [
    { name: "the dimensions of view 1 are scaled and shifted", change: affine([1, 20, 0.3, 5, 100], 0) },
    { name: "the dimensions of view 2 are scaled and shifted", change: affine([4, 0.5, 30, 1, 2], 1) },
    { name: "dimensions are mirrored in both views", change: affine([-1, 2, -0.5, 1, -3]) },
    {
      name: "the dimensions of both views change places",
      change: (view) => ({ ...view, embedding: tf.reverse(view.embedding, 1) }),
    },
  ],
});

beforeAll(useCpuBackend);
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

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

  it.each([{ lambda: -1 }, { scale: 0 }, { scale: Number.NaN }, { epsilon: 0 }, { lambda: Infinity }])(
    "refuses %o",
    (options) => {
      const [name] = Object.keys(options);
      expect(() => barlowTwins(options)).toThrow(expect.objectContaining({ option: name }));
    },
  );
});
