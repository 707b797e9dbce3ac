import { InvalidOptionError } from "@blockwise/spec";
import { describe, expect, test } from "vitest";
import { generator } from "./generator.js";
import { fold, rootKey } from "./key.js";

const draws = 100_000;

describe("generator", () => {
  test("keeps its answers", () => {
    const random = generator(rootKey(1));
    expect([random.uniform(), random.integer(10), random.normal()]).toEqual([
      0.8604697878970017, 9, -0.30007856761950646,
    ]);
  });

  test("gives uniform numbers in [0, 1) with more than 32 bits", () => {
    const random = generator(rootKey(2));
    const bins = new Array<number>(100).fill(0);
    let fine = 0;
    let outside = 0;
    for (let draw = 0; draw < draws; draw++) {
      const value = random.uniform();
      if (value < 0 || value >= 1) outside++;
      const bin = Math.floor(value * 100);
      bins[bin] = (bins[bin] ?? 0) + 1;
      if (!Number.isInteger(value * 2 ** 40)) fine++;
    }
    expect(chiSquare(bins)).toBeLessThan(CHI_SQUARE_99);
    expect(outside).toBe(0);
    expect(fine).toBeGreaterThan(draws * 0.99);
  });

  test("gives unbiased integers, where taking the remainder alone would favour the low half", () => {
    const random = generator(rootKey(3));
    const bound = 3 * 2 ** 30;
    const bins = new Array<number>(100).fill(0);
    for (let draw = 0; draw < draws; draw++) {
      const bin = Math.floor((random.integer(bound) / bound) * 100);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    expect(chiSquare(bins)).toBeLessThan(CHI_SQUARE_99);
  });

  test("takes bounds from 1 to 2^32 only", () => {
    const random = generator(rootKey(4));
    expect(random.integer(1)).toBe(0);
    expect(random.integer(2 ** 32)).toBeLessThan(2 ** 32);
    for (const bound of [0, -1, 2.5, 2 ** 32 + 1, Number.NaN]) {
      expect(() => random.integer(bound)).toThrow(InvalidOptionError);
    }
  });

  test("gives standard normal numbers", () => {
    const random = generator(rootKey(5));
    const moments = [0, 0, 0, 0];
    for (let draw = 0; draw < draws; draw++) {
      const value = random.normal();
      for (let power = 1; power <= 4; power++) {
        moments[power - 1] = (moments[power - 1] ?? 0) + value ** power / draws;
      }
    }
    // Standard errors of the four moments: sqrt(1, 2, 15, 96) / sqrt(draws); four of them either way.
    const errors = [1, 2, 15, 96].map((variance) => 4 * Math.sqrt(variance / draws));
    for (const [place, expected] of [0, 1, 0, 3].entries()) {
      expect(Math.abs((moments[place] ?? 0) - expected)).toBeLessThan(errors[place] ?? 0);
    }
  });

  test("gives unrelated streams for neighbouring keys", () => {
    const one = generator(fold(rootKey(1), 0));
    const other = generator(fold(rootKey(1), 1));
    let product = 0;
    for (let draw = 0; draw < draws; draw++) product += one.normal() * other.normal();
    expect(Math.abs(product / draws)).toBeLessThan(4 / Math.sqrt(draws));
  });
});

/** 99 degrees of freedom at a probability of 1e-4. */
const CHI_SQUARE_99 = 161;

function chiSquare(bins: readonly number[]): number {
  const expected = draws / bins.length;
  return bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
