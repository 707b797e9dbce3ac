import { expect, test } from "vitest";
import { inverseNormal } from "./inverse-normal.js";

/** From CPython 3's `statistics.NormalDist().inv_cdf((index + 0.5) / total)`. */
test.each([
  [1, 2 ** 32, -6.166429517819749],
  [1000, 2 ** 32, -5.039851125968711],
  [5e8, 2 ** 32, -1.1930988958931787],
  [2 ** 30, 2 ** 32, -0.6744897498297384],
  [2 ** 31, 2 ** 32, 2.9180993729166234e-10],
  [2 ** 32 - 1, 2 ** 32, 6.337957754553788],
  [0, 2 ** 53, -8.292361075813595],
])("agrees with another implementation at place %i of %i", (index, total, expected) => {
  expect(Math.abs(inverseNormal(index, total) / expected - 1)).toBeLessThan(2e-15);
});

test("is odd about the middle and grows", () => {
  let last = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < 2 ** 12; index++) {
    const value = inverseNormal(index, 2 ** 12);
    expect(value).toBe(-inverseNormal(2 ** 12 - 1 - index, 2 ** 12));
    expect(value).toBeGreaterThan(last);
    last = value;
  }
});
