import { generator, rootKey } from "@blockwise/random";
import { describe, expect, it } from "vitest";
import { golden } from "../__fixtures__/golden-cases.js";
import { mirrorWithEdge, mirrorWithoutEdge, repeatEdge } from "./beyond-edge.js";
import { makeGaussianBlur } from "./gaussian-blur.js";
import { motionBlur } from "./motion-blur.js";
import { plasma } from "./plasma.js";
import { makePoisson } from "./poisson.js";
import { randomAffine } from "./random-affine.js";
import { warp } from "./warp.js";

/** Float64 sums in another order. */
const rounding = 12;

function field(values: readonly number[]) {
  const side = Math.sqrt(values.length);
  return { width: side, height: side, channels: 1, data: Float64Array.from(values) };
}

function expectClose(found: Float64Array, wanted: readonly number[]): void {
  expect(found).toHaveLength(wanted.length);
  for (const [place, value] of found.entries())
    expect(value).toBeCloseTo(wanted[place] ?? Number.NaN, rounding);
}

describe("beyond an edge", () => {
  it("goes on as its name says", () => {
    const line = [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6];
    expect(line.map((index) => repeatEdge(index, 3))).toEqual([0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2]);
    expect(line.map((index) => mirrorWithEdge(index, 3))).toEqual([1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0]);
    expect(line.map((index) => mirrorWithoutEdge(index, 3))).toEqual([1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2]);
    expect(line.map((index) => mirrorWithoutEdge(index, 1))).toEqual(line.map(() => 0));
  });
});

describe("blurs and warps", () => {
  const { gaussian, warp: warped } = golden;
  it("blur as scipy, where the kernel is narrow and where it is wider than the image", () => {
    const narrow = makeGaussianBlur({ sigma: 1.1, truncate: 4, beyond: repeatEdge });
    expectClose(narrow(field(gaussian.field)).data, gaussian.repeatEdge);
    const wide = makeGaussianBlur({ sigma: 6.4, truncate: 3, beyond: mirrorWithEdge });
    expectClose(wide(field(gaussian.field)).data, gaussian.mirrorWithEdge);
  });

  it("warp as scipy, also from beyond the edge", () => {
    const [rows, columns] = warped.places;
    const moved = warp(
      field(warped.field),
      (row, column) => [rows[row * 9 + column] ?? 0, columns[row * 9 + column] ?? 0],
      mirrorWithEdge,
    );
    expectClose(moved.data, warped.mirrorWithEdge);
  });

  it("map places affinely: nothing moves where no point does", () => {
    const place = randomAffine(32, 32, 0, generator(rootKey(1)));
    for (const [row, column] of [
      [0, 0],
      [31, 4],
      [7, 20],
    ] as const) {
      expect(place(row, column)[0]).toBeCloseTo(row, rounding);
      expect(place(row, column)[1]).toBeCloseTo(column, rounding);
    }
  });

  it("map the moved points back to where they were", () => {
    const place = randomAffine(30, 30, 3, generator(rootKey(2)));
    // The same draws, in the same order.
    const random = generator(rootKey(2));
    const points = [
      [25, 25],
      [25, 5],
      [5, 5],
    ] as const;
    for (const [x, y] of points) {
      const movedX = x + 3 * (2 * random.uniform() - 1);
      const movedY = y + 3 * (2 * random.uniform() - 1);
      const [row, column] = place(movedY, movedX);
      expect([row, column]).toEqual([expect.closeTo(y, 9), expect.closeTo(x, 9)]);
    }
  });

  it("smear a point along the line on one side of it, and lose no light", () => {
    const data = new Uint8Array(21 * 21);
    data[10 * 21 + 10] = 255;
    const smeared = motionBlur(
      { width: 21, height: 21, channels: 1, data },
      { radius: 4, sigma: 3, angle: 0 },
    );
    const row = [...smeared.data.subarray(10 * 21, 11 * 21)];
    const weights = Array.from({ length: 9 }, (_, tap) => Math.exp(-(tap ** 2) / 18));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const line = weights.map((weight) => Math.round((255 * weight) / sum)).toReversed();
    expect(row).toEqual([0, 0, ...line, ...Array(10).fill(0)]);
    expect(smeared.data.reduce((total, value) => total + value, 0)).toBe(
      line.reduce((total, value) => total + value, 0),
    );
  });
});

describe("chance", () => {
  it.each([0, 0.5, 3, 60, 500])("draws a Poisson number of mean %d with that variance", (mean) => {
    const random = generator(rootKey(3));
    const draw = makePoisson(mean);
    const draws = Array.from({ length: 20_000 }, () => draw(random));
    const average = draws.reduce((sum, value) => sum + value, 0) / draws.length;
    const variance = draws.reduce((sum, value) => sum + (value - average) ** 2, 0) / draws.length;
    // Four standard errors: sqrt(mean / n) of the mean, about mean * sqrt(2 / n) + sqrt(mean / n) of the variance.
    expect(Math.abs(average - mean)).toBeLessThanOrEqual(4 * Math.sqrt(mean / 20_000));
    expect(Math.abs(variance - mean)).toBeLessThanOrEqual(4 * Math.sqrt((mean + 2 * mean ** 2) / 20_000));
    expect(draws.every(Number.isSafeInteger)).toBe(true);
  });

  it("draws Poisson's own probabilities", () => {
    const random = generator(rootKey(4));
    const draw = makePoisson(1.5);
    const counts = [0, 0, 0, 0];
    for (let index = 0; index < 20_000; index++) {
      const value = draw(random);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    const expected = [0.2231, 0.3347, 0.251, 0.1255];
    for (const [value, probability] of expected.entries()) {
      expect(Math.abs((counts[value] ?? 0) / 20_000 - probability)).toBeLessThan(0.015);
    }
  });

  it("makes clouds from 0 to 1 that are smooth where they decay fast", () => {
    const roughness = (decay: number): number => {
      const map = plasma(64, decay, generator(rootKey(5)));
      expect(Math.min(...map)).toBe(0);
      expect(Math.max(...map)).toBe(1);
      return map.reduce(
        (sum, value, place) => sum + Math.abs(value - (map[(place + 1) % map.length] ?? 0)),
        0,
      );
    };
    expect(roughness(3)).toBeLessThan(0.5 * roughness(1.4));
  });
});
