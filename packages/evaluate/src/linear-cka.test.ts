import { readFileSync } from "node:fs";
import { generator, rootKey } from "@blockwise/random";
import type { FeatureTable } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { linearCka, linearCkaMatrix } from "./index.js";

interface Golden {
  readonly cases: readonly {
    readonly rows: number;
    readonly left: number[];
    readonly right: number[];
    readonly biased: number;
    readonly unbiased: number;
  }[];
}

const golden: Golden = JSON.parse(readFileSync(new URL("./__fixtures__/cka.json", import.meta.url), "utf8"));
const estimators = ["biased", "unbiased"] as const;

/** Sums in float64 in another order. */
const digits = 10;

function tableOf(values: ArrayLike<number>, rows: number): FeatureTable {
  return {
    features: Float32Array.from(values),
    dim: values.length / rows,
    labels: new Int32Array(rows).fill(-1),
  };
}

function noise(rows: number, dim: number, seed: number): FeatureTable {
  const random = generator(rootKey(seed));
  return tableOf(
    Array.from({ length: rows * dim }, () => random.normal()),
    rows,
  );
}

/** Turns and mirrors rows of two dimensions, scales them and moves them. */
function moved({ features, labels }: FeatureTable, angle: number): FeatureTable {
  const out = features.map((_, place) => {
    const start = place - (place % 2);
    const [x, y] = [features[start] as number, features[start + 1] as number];
    const turned =
      place % 2 === 0
        ? Math.cos(angle) * x - Math.sin(angle) * y
        : -Math.sin(angle) * x - Math.cos(angle) * y;
    return 3 * turned + 40;
  });
  return { features: out, labels, dim: 2 };
}

describe.each(estimators)("linear CKA, %s", (estimator) => {
  it.each(golden.cases.map((one) => [`${one.rows} rows`, one] as const))(
    "agrees with numpy: %s",
    (_, one) => {
      const left = tableOf(one.left, one.rows);
      const right = tableOf(one.right, one.rows);
      expect(linearCka(left, right, { estimator })).toBeCloseTo(one[estimator], digits);
      expect(linearCka(right, left, { estimator })).toBeCloseTo(one[estimator], digits);
    },
  );

  it("is 1 for a table and itself turned, mirrored, scaled and moved", () => {
    const table = noise(30, 2, 1);
    expect(linearCka(table, table, { estimator })).toBeCloseTo(1, digits);
    // The moved copy is rounded to float32.
    expect(linearCka(table, moved(table, 0.7), { estimator })).toBeCloseTo(1, 5);
  });

  it("compares with others alike whether turned and scaled or not", () => {
    const table = noise(30, 2, 1);
    const other = noise(30, 5, 2);
    const expected = linearCka(table, other, { estimator });
    expect(linearCka(moved(table, 2), other, { estimator })).toBeCloseTo(expected, 5);
  });

  it("changes where single dimensions are scaled: it is no regression", () => {
    const table = noise(30, 2, 1);
    const stretched = {
      ...table,
      features: table.features.map((value, place) => value * (1 + 9 * (place % 2))),
    };
    expect(linearCka(table, stretched, { estimator })).toBeLessThan(0.99);
  });

  it("is finite for collapsed features, and 0", () => {
    const flat = tableOf(Array(30).fill(1e30), 10);
    expect(linearCka(flat, noise(10, 3, 1), { estimator })).toBe(0);
    expect(linearCka(flat, flat, { estimator })).toBe(0);
    const tiny = { ...noise(10, 3, 1), features: noise(10, 3, 1).features.map((value) => value * 1e-30) };
    expect(linearCka(tiny, noise(10, 3, 1), { estimator })).toBeCloseTo(1, 5);
  });

  it("gives the same in a matrix, which is symmetric for one list", () => {
    const tables = [noise(20, 2, 1), noise(20, 30, 2), noise(20, 5, 3)];
    const matrix = linearCkaMatrix(tables, tables, { estimator });
    for (const [row, left] of tables.entries()) {
      for (const [column, right] of tables.entries()) {
        expect(matrix[row]?.[column]).toBeCloseTo(linearCka(left, right, { estimator }), digits);
        expect(matrix[row]?.[column]).toBe(matrix[column]?.[row]);
      }
    }
    expect(linearCkaMatrix(tables.slice(0, 1), tables, { estimator })[0]).toHaveLength(3);
    expect(linearCkaMatrix([], [])).toEqual([]);
  });
});

it("sees through few rows of many dimensions only where it is unbiased", () => {
  const left = noise(20, 200, 1);
  const right = noise(20, 200, 2);
  expect(linearCka(left, right)).toBeGreaterThan(0.8);
  expect(Math.abs(linearCka(left, right, { estimator: "unbiased" }))).toBeLessThan(0.2);
});

describe("refuses", () => {
  it("tables of other row counts", () => {
    expect(() => linearCka(noise(5, 2, 1), noise(6, 2, 1))).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_SHAPE_MISMATCH" }),
    );
  });

  it("too few rows, values that are not finite, and another estimator", () => {
    const invalid = expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION" });
    expect(() => linearCka(noise(1, 2, 1), noise(1, 2, 1))).toThrow(invalid);
    expect(() => linearCka(noise(3, 2, 1), noise(3, 2, 1), { estimator: "unbiased" })).toThrow(invalid);
    expect(() => linearCka(tableOf([1, Number.NaN], 2), noise(2, 1, 1))).toThrow(invalid);
    expect(() => linearCka(noise(5, 2, 1), noise(5, 2, 1), { estimator: "other" as never })).toThrow(invalid);
  });
});
