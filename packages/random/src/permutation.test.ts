import { InvalidOptionError } from "@blockwise/spec";
import { expect, test } from "vitest";
import { fold, rootKey } from "./key.js";
import { permutation } from "./permutation.js";

test("keeps its answers", () => {
  expect([...permutation(rootKey(1), 8)]).toEqual([6, 7, 3, 1, 2, 5, 4, 0]);
});

test("has each integer once", () => {
  expect([...permutation(rootKey(2), 1000)].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 1000 }, (_, place) => place),
  );
  expect(permutation(rootKey(2), 0)).toHaveLength(0);
});

test("gives each of the 24 orders of four equally often", () => {
  const counts = new Map<string, number>();
  const draws = 24_000;
  for (let draw = 0; draw < draws; draw++) {
    const order = permutation(fold(rootKey(3), draw), 4).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(24);
  let chiSquare = 0;
  for (const count of counts.values()) chiSquare += (count - draws / 24) ** 2 / (draws / 24);
  // 23 degrees of freedom at a probability of 1e-4.
  expect(chiSquare).toBeLessThan(57);
});

test.each([-1, 1.5, Number.NaN, 2 ** 32])("refuses the size %d", (size) => {
  expect(() => permutation(rootKey(1), size)).toThrow(InvalidOptionError);
});
