import { generator, rootKey } from "@blockwise/random";
import { type FeatureTable, InvalidOptionError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, it } from "vitest";
import { kNearestNeighbors } from "./index.js";
import { findNeighbors } from "./neighbor-search.js";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("findNeighbors", () => {
  it.each([7, 16, 1000])("agrees with comparing all pairs, in blocks of %i rows", async (blockRows) => {
    const living = tf.memory().numTensors;
    const train = noise(1, 53);
    const test = noise(2, 31);
    const { rows, similarities } = await findNeighbors(train, test, 5, blockRows);
    for (let row = 0; row < 31; row++) {
      const expected = Array.from({ length: 53 }, (_, place) => ({
        place,
        similarity: cosine(train, place, test, row),
      }))
        .sort((left, right) => right.similarity - left.similarity)
        .slice(0, 5);
      expect([...rows.subarray(row * 5, row * 5 + 5)]).toEqual(expected.map(({ place }) => place));
      for (const [index, { similarity }] of expected.entries()) {
        expect(similarities[row * 5 + index]).toBeCloseTo(similarity, 5);
      }
    }
    expect(tf.memory().numTensors).toBe(living);
  });

  it("takes the first of equally similar rows, whatever the blocks, and zeros as similar to nothing", async () => {
    const train = table([1, 0, 0, 1, 2, 0, 0, 0, 4, 0], [0, 0, 0, 0, 0]);
    const test = table([3, 0], [0]);
    for (const blockRows of [1, 2, 5]) {
      const { rows, similarities } = await findNeighbors(train, test, 5, blockRows);
      expect([...rows]).toEqual([0, 2, 4, 1, 3]);
      expect([...similarities]).toEqual([1, 1, 1, 0, 0]);
    }
  });
});

describe("kNearestNeighbors", () => {
  it("lets one near row outvote two far ones, unless the temperature is high", async () => {
    const train = table([1, 0, 0.6, 0.8, 0.6, -0.8], [1, 0, 0]);
    const test = table([1, 0], [1]);
    const request = { train, test, classCount: 2, seed: 1 };
    // exp(0) against 2 exp(-0.4 / T): even at T = 0.4 / log 2 = 0.577.
    expect((await kNearestNeighbors({ k: 3, temperature: 0.5 }).doEvaluate(request)).top1).toBe(100);
    expect((await kNearestNeighbors({ k: 3, temperature: 0.65 }).doEvaluate(request)).top1).toBe(0);
    expect((await kNearestNeighbors({ k: 1, temperature: 0.65 }).doEvaluate(request)).top1).toBe(100);
    expect((await kNearestNeighbors({ k: 3, temperature: 1e-4 }).doEvaluate(request)).top1).toBe(100);
  });

  it("gives the lowest class where votes are equal", async () => {
    const train = table([1, 0, 1, 0], [1, 0]);
    const request = { train, test: table([1, 0], [0]), classCount: 2, seed: 1 };
    expect((await kNearestNeighbors({ k: 2 }).doEvaluate(request)).top1).toBe(100);
  });

  it("stores the whole protocol", async () => {
    const train = noise(1, 30);
    const { protocol } = await kNearestNeighbors().doEvaluate({ train, test: train, classCount: 3, seed: 5 });
    expect(protocol).toEqual({
      evaluator: "k-nearest-neighbors",
      k: 20,
      temperature: 0.07,
      blockRows: 2048,
      distance: "cosine",
      weight: "exp(similarity / temperature)",
      seed: 5,
      classCount: 3,
      dim: 6,
      trainCount: 30,
      testCount: 30,
    });
  });

  it("refuses more neighbours than there are rows", async () => {
    const train = noise(1, 10);
    const thrown = kNearestNeighbors({ k: 11 }).doEvaluate({ train, test: train, classCount: 3, seed: 1 });
    await expect(thrown).rejects.toThrow(InvalidOptionError);
    await expect(thrown).rejects.toThrow("10");
  });

  it.each([
    ["k", { k: 0 }],
    ["temperature", { temperature: 0 }],
    ["blockRows", { blockRows: 0.5 }],
  ])("refuses a bad %s: %j", (option, options) => {
    expect(() => kNearestNeighbors(options)).toThrow(`"${option}"`);
  });
});

function table(features: number[], labels: number[]): FeatureTable {
  return {
    features: Float32Array.from(features),
    dim: features.length / labels.length,
    labels: Int32Array.from(labels),
  };
}

function noise(seed: number, rows: number): FeatureTable {
  const random = generator(rootKey(seed));
  return {
    features: Float32Array.from({ length: rows * 6 }, () => random.normal()),
    dim: 6,
    labels: Int32Array.from({ length: rows }, (_, row) => row % 3),
  };
}

function cosine(left: FeatureTable, leftRow: number, right: FeatureTable, rightRow: number): number {
  const a = [...left.features.subarray(leftRow * left.dim, (leftRow + 1) * left.dim)];
  const b = [...right.features.subarray(rightRow * right.dim, (rightRow + 1) * right.dim)];
  const dot = a.reduce((sum, value, place) => sum + value * (b[place] ?? Number.NaN), 0);
  return dot / (Math.hypot(...a) * Math.hypot(...b));
}
