import { readFileSync } from "node:fs";
import { createEngine } from "@blockwise/engine";
import {
  describeLocalLoss,
  evaluateLocalLoss,
  type LocalLossGolden,
  useCpuBackend,
} from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { type SpectralContrastiveOptions, spectralContrastive } from "./loss-spectral-contrastive.js";

type Golden = Omit<LocalLossGolden<SpectralContrastiveOptions>, "embeddings"> & {
  readonly embeddings: readonly [number[][], number[][]];
  readonly terms: Readonly<Record<string, number>>;
};

/** Of the formula in PyTorch: `__fixtures__/write_golden.py`. */
const golden: readonly Golden[] = JSON.parse(
  readFileSync(new URL("./__fixtures__/golden.json", import.meta.url), "utf8"),
);

describeLocalLoss<SpectralContrastiveOptions>({
  name: "the spectral contrastive loss",
  create: spectralContrastive,
  createEngine,
  golden,
  invariances: [
    {
      name: "both views are turned",
      change: (view) => {
        // A reflection at the plane across (1, ..., 1) / sqrt(dim).
        const { embedding } = view;
        const turned = tf.sub(embedding, tf.mul(2, tf.mean(embedding, 1, true)));
        return { ...view, embedding: turned as tf.Tensor2D };
      },
    },
  ],
});

beforeAll(useCpuBackend);

it.each(golden)("has the terms of the formula: $name", ({ options, embeddings, terms }) => {
  const views = embeddings.map((view) => tf.tensor2d(view)) as [tf.Tensor2D, tf.Tensor2D];
  const found = evaluateLocalLoss(spectralContrastive(options), views).terms;
  for (const [name, value] of Object.entries(terms)) expect(found[name]).toBeCloseTo(value, 5);
  tf.dispose(views);
});

it("does not look at how far embeddings lie beyond the ball", () => {
  const z = tf.tensor2d([
    [3, 4],
    [-5, 12],
  ]);
  const far = tf.mul<tf.Tensor2D>(z, 7);
  const totals = [z, far].map((view) => evaluateLocalLoss(spectralContrastive(), [view, view]).total);
  expect(totals[1]).toBeCloseTo(totals[0] ?? Number.NaN, 5);
  tf.dispose([z, far]);
});

it("is -2, the least that it can be, for images at right angles", () => {
  const z = tf.eye(4);
  expect(evaluateLocalLoss(spectralContrastive(), [z, z]).total).toBeCloseTo(-2, 6);
  z.dispose();
});

it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("refuses mu = %s", (mu) => {
  expect(() => spectralContrastive({ mu })).toThrow(expect.objectContaining({ option: "mu" }));
});
