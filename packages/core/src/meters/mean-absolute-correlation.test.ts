import { useCpuBackend } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { meanAbsoluteCorrelation } from "./mean-absolute-correlation.js";

beforeAll(useCpuBackend);

function correlationOf(columns: readonly (readonly number[])[]): number {
  const embedding = tf.tidy(() =>
    tf.transpose(tf.tensor2d(columns.map((column) => [...column]))),
  ) as tf.Tensor2D;
  const correlation = meanAbsoluteCorrelation(embedding);
  embedding.dispose();
  return correlation;
}

const a = [1, 1, -1, -1];
const b = [1, -1, 1, -1];

describe("meanAbsoluteCorrelation", () => {
  it.each<[string, number[][], number]>([
    ["0 for dimensions that have nothing in common", [a, b, [1, -1, -1, 1]], 0],
    ["1 for dimensions that rise together", [a, a.map((value) => 3 * value + 7)], 1],
    ["1 for dimensions that rise and fall", [a, a.map((value) => -0.01 * value)], 1],
    ["the mean over all pairs", [a, a, b], 1 / 3],
    [
      "the cosine of centred dimensions",
      [
        [1, 2, 3, 4],
        [1, 1, 1, 2],
      ],
      3 / Math.sqrt(15),
    ],
    ["0 for one dimension", [a], 0],
    ["0 for constant dimensions, whatever their size", [a, [5e3, 5e3, 5e3, 5e3], [0, 0, 0, 0]], 0],
  ])("is %s", (_, columns, expected) => {
    expect(correlationOf(columns)).toBeCloseTo(expected, 5);
  });

  it("goes over wide embeddings piece by piece", () => {
    const columns = Array.from({ length: 1500 }, (_, index) => (index % 2 === 0 ? a : b));
    expect(correlationOf(columns)).toBeCloseTo((2 * 750 * 749) / (1500 * 1499), 5);
  });
});
