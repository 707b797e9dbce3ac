import { readFileSync } from "node:fs";
import { generator, rootKey } from "@blockwise/random";
import { type FeatureTable, InvalidOptionError, ShapeMismatchError } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { describeFeatures } from "./index.js";

const reference: {
  readonly dim: number;
  readonly features: readonly number[];
  readonly labels: readonly number[];
  readonly description: Readonly<Record<"deviation" | "effectiveRank" | "meanAbsoluteCorrelation", number>>;
} = JSON.parse(readFileSync(new URL("./__fixtures__/reference.json", import.meta.url), "utf8"));

describe("describeFeatures", () => {
  it("agrees with numpy's singular values and correlations", () => {
    const description = describeFeatures({
      dim: reference.dim,
      features: Float32Array.from(reference.features),
      labels: Int32Array.from(reference.labels),
    });
    expect(description.deviation).toBeCloseTo(reference.description.deviation, 12);
    expect(description.effectiveRank).toBeCloseTo(reference.description.effectiveRank, 9);
    expect(description.meanAbsoluteCorrelation).toBeCloseTo(reference.description.meanAbsoluteCorrelation, 9);
    expect(description).toMatchObject({ constantDimensions: 0, rows: 90 });
  });

  it("sees a collapse to one point", () => {
    const point = table(50, 8, (_, column) => column + 1);
    const description = describeFeatures(point);
    expect(description.deviation).toBeLessThan(1e-12);
    expect(description.effectiveRank).toBeCloseTo(1, 5);
    expect(description).toMatchObject({ meanAbsoluteCorrelation: 0, constantDimensions: 8 });
  });

  it("sees a collapse to one direction", () => {
    const random = generator(rootKey(1));
    const along = Float32Array.from({ length: 50 }, () => random.normal());
    const description = describeFeatures(table(50, 8, (row, column) => (along[row] ?? 0) * (column + 1)));
    expect(description.effectiveRank).toBeCloseTo(1, 4);
    expect(description.meanAbsoluteCorrelation).toBeCloseTo(1, 6);
  });

  it("sees features that fill their space", () => {
    const random = generator(rootKey(2));
    const description = describeFeatures(table(4000, 8, () => random.normal()));
    expect(description.effectiveRank).toBeGreaterThan(7.99);
    expect(description.deviation).toBeCloseTo(1 / Math.sqrt(8), 2);
    expect(description.meanAbsoluteCorrelation).toBeLessThan(0.03);
  });

  it("measures rows from the whole table when there are too many", () => {
    // Only every second half of the table varies: its beginning alone would look collapsed.
    const random = generator(rootKey(3));
    const half = table(1000, 4, (row) => (row < 500 ? 1 : random.normal()));
    const description = describeFeatures(half, { maximumRows: 100 });
    expect(description.rows).toBe(100);
    expect(description.effectiveRank).toBeGreaterThan(3);
  });

  it("gives zeros for a table of zeros", () => {
    expect(describeFeatures(table(5, 3, () => 0))).toEqual({
      deviation: 0,
      effectiveRank: 0,
      meanAbsoluteCorrelation: 0,
      constantDimensions: 3,
      rows: 5,
    });
  });

  it("refuses empty tables and values that are not finite", () => {
    expect(() => describeFeatures(table(0, 3, () => 0))).toThrow(ShapeMismatchError);
    expect(() => describeFeatures(table(5, 3, () => Number.NaN))).toThrow(InvalidOptionError);
    expect(() =>
      describeFeatures(
        table(5, 3, () => 1),
        { maximumRows: 0 },
      ),
    ).toThrow(InvalidOptionError);
  });
});

function table(rows: number, dim: number, value: (row: number, column: number) => number): FeatureTable {
  return {
    features: Float32Array.from({ length: rows * dim }, (_, place) =>
      value(Math.floor(place / dim), place % dim),
    ),
    dim,
    labels: new Int32Array(rows),
  };
}
