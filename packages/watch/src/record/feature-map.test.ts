import { readFileSync } from "node:fs";
import { ShapeMismatchError } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { featureMap } from "./feature-map.js";

interface Case {
  readonly images: number;
  readonly dim: number;
  readonly features: readonly number[];
  readonly points: readonly number[];
  readonly explained: readonly number[];
}

const golden: { readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("./__fixtures__/feature-map.json", import.meta.url), "utf8"),
);

/** Points are kept with four digits. */
const tolerance = 1e-3;

describe("featureMap", () => {
  it.each(golden.cases)("agrees with NumPy on $images images of $dim dimensions", (example) => {
    const map = featureMap("layer1", { features: Float32Array.from(example.features), dim: example.dim });
    expect(map.block).toBe("layer1");
    expect(map.points).toHaveLength(2 * example.images);
    for (const [place, value] of example.points.entries()) {
      expect(Math.abs((map.points[place] ?? Number.NaN) - value)).toBeLessThan(
        tolerance * Math.max(1, Math.abs(value)),
      );
    }
    for (const axis of [0, 1]) expect(map.explained[axis]).toBeCloseTo(example.explained[axis] ?? 0, 3);
  });

  it.each([
    ["one image", Float32Array.of(1, 2), 1],
    ["features that are all the same", Float32Array.of(3, 4, 3, 4, 3, 4), 3],
    ["features that are not finite", Float32Array.of(1, Number.NaN, 3, 4), 2],
    ["no image", new Float32Array(), 0],
  ])("puts %s into one place", (_, features, images) => {
    const map = featureMap("layer1", { features, dim: 2 });
    expect(map.points).toEqual(new Array(2 * images).fill(0));
    expect(map.explained).toEqual([0, 0]);
  });

  it("has nothing on the second axis for features on a line", () => {
    const map = featureMap("layer1", { features: Float32Array.of(0, 0, 1, 2, 5, 10), dim: 2 });
    expect(map.explained[0]).toBe(1);
    for (const place of [1, 3, 5]) expect(Math.abs(map.points[place] ?? 1)).toBeLessThan(1e-6);
  });

  it("stays finite for extreme features", () => {
    const map = featureMap("layer1", { features: Float32Array.of(1e30, 0, -1e30, 1, 0, 2), dim: 2 });
    expect([...map.points, ...map.explained].every(Number.isFinite)).toBe(true);
  });

  it("refuses a table that has no whole number of rows", () => {
    const table = { features: new Float32Array(5), dim: 2 };
    expect(() => featureMap("layer1", table)).toThrow(ShapeMismatchError);
  });
});
