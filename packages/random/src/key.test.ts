import { InvalidOptionError } from "@blockwise/spec";
import { describe, expect, test } from "vitest";
import { fold, type RandomKey, rootKey } from "./key.js";

const text = (key: RandomKey): string => `${key.high}:${key.low}`;

describe("rootKey", () => {
  test("keeps its answers", () => {
    expect(rootKey(1)).toEqual({ high: 928981903, low: 3453687069 });
    expect(text(rootKey(2 ** 32))).not.toBe(text(rootKey(0)));
  });

  test.each([-1, 1.5, Number.NaN, 2 ** 53])("refuses the seed %d", (seed) => {
    expect(() => rootKey(seed)).toThrow(InvalidOptionError);
  });
});

describe("fold", () => {
  const root = rootKey(1);

  test("keeps its answers", () => {
    expect(fold(root, "augment", 3, 7, 1)).toEqual({ high: 3295681790, low: 2302198671 });
  });

  test("is the same at once and part by part, and leaves its key alone", () => {
    expect(fold(fold(root, "order"), 5)).toEqual(fold(root, "order", 5));
    expect(fold(root)).toEqual(root);
    expect(root).toEqual(rootKey(1));
  });

  test("keeps alike parts apart", () => {
    const alike = [
      [1, 2],
      [2, 1],
      ["1", 2],
      ["12"],
      [12],
      ["1", "2"],
      ["", "12"],
      ["12", ""],
      [""],
      ["\0"],
      ["\0\0"],
      [0],
      [0, 0],
      [-1],
      [2 ** 32 - 1],
      [2 ** 32 + 1],
      ["abcd"],
      ["abcdefgh"],
      ["abcd", "efgh"],
      ["\u{1f600}"],
    ];
    const keys = new Set(alike.map((parts) => text(fold(root, ...parts))));
    expect(keys.size).toBe(alike.length);
  });

  test("has no collision among 200,000 keys of a run", () => {
    const keys = new Set<string>();
    for (let epoch = 0; epoch < 20; epoch++) {
      const epochKey = fold(root, "augment", epoch);
      for (let sample = 0; sample < 5000; sample++) {
        const sampleKey = fold(epochKey, sample);
        for (let view = 0; view < 2; view++) keys.add(text(fold(sampleKey, view)));
      }
    }
    expect(keys.size).toBe(200_000);
  });

  test("turns about half of the 64 bits for one bit of an integer", () => {
    for (let bit = 0; bit < 52; bit++) {
      let turned = 0;
      for (let value = 0; value < 100; value++) {
        const changed = Math.floor(value / 2 ** bit) % 2 === 0 ? value + 2 ** bit : value - 2 ** bit;
        turned += distance(fold(root, value), fold(root, changed));
      }
      // Mean 32, standard deviation of the mean of 100 is 0.4: five of them either way.
      expect(Math.abs(turned / 100 - 32)).toBeLessThan(2);
    }
  });

  test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("refuses the part %d", (part) => {
    expect(() => fold(root, part)).toThrow(InvalidOptionError);
  });
});

function distance(one: RandomKey, other: RandomKey): number {
  return ones(one.high ^ other.high) + ones(one.low ^ other.low);
}

function ones(word: number): number {
  let count = 0;
  for (let rest = word >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
}
