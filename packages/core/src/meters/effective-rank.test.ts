import { useCpuBackend } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { effectiveRank } from "./effective-rank.js";

beforeAll(useCpuBackend);

function rankOf(rows: readonly (readonly number[])[]): number {
  const embedding = tf.tensor2d(rows.map((row) => [...row]));
  const rank = effectiveRank(embedding);
  embedding.dispose();
  return rank;
}

/** `[count, dim]` with the given singular values, turned by reflections so that no entry is zero. */
function matrixOf(count: number, dim: number, singular: readonly number[]): number[][] {
  const reflected = (rows: number[][]): number[][] =>
    rows.map((row) => {
      const along = (2 / row.length) * row.reduce((sum, value) => sum + value, 0);
      return row.map((value) => value - along);
    });
  const transposed = (rows: number[][]): number[][] =>
    (rows[0] ?? []).map((_, column) => rows.map((row) => row[column] ?? 0));
  const diagonal = Array.from({ length: count }, (_, row) =>
    Array.from({ length: dim }, (_, column) => (row === column ? (singular[row] ?? 0) : 0)),
  );
  return transposed(reflected(transposed(reflected(diagonal))));
}

describe("effectiveRank", () => {
  it.each<[number, number]>([
    [6, 9],
    [9, 6],
    [7, 7],
  ])("is the smaller side of a %i by %i matrix whose singular values are equal", (count, dim) => {
    expect(rankOf(matrixOf(count, dim, Array(7).fill(3)))).toBeCloseTo(Math.min(count, dim), 5);
  });

  it("is the exponential of the entropy of the singular values", () => {
    const shares = [8, 4, 2, 1, 1].map((value) => value / 16);
    const expected = Math.exp(-shares.reduce((sum, share) => sum + share * Math.log(share), 0));
    expect(rankOf(matrixOf(6, 8, [8, 4, 2, 1, 1]))).toBeCloseTo(expected, 4);
    expect(rankOf(matrixOf(8, 6, [0.8, 0.4, 0.2, 0.1, 0.1]))).toBeCloseTo(expected, 4);
  });

  it("is 1 for rows on one line, and for no rows but zeros", () => {
    expect(rankOf([1, -2, 3].map((factor) => [1, 2, 4, 8].map((value) => factor * value)))).toBeCloseTo(1, 5);
    expect(
      rankOf([
        [0, 0, 0],
        [0, 0, 0],
      ]),
    ).toBe(1);
  });

  it("takes the first 256 of more samples", () => {
    const many = Array.from({ length: 300 }, (_, row) => (row < 256 ? [1, 0] : [0, 100]));
    expect(rankOf(many)).toBeCloseTo(1, 6);
  });

  it("is NaN where a value is not finite", () => {
    expect(
      rankOf([
        [1, Number.POSITIVE_INFINITY],
        [0, 1],
      ]),
    ).toBeNaN();
  });
});
