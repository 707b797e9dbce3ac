import { describe, expect, it } from "vitest";
import { formatSpread, spreadOf } from "./spread.js";

describe("spreadOf", () => {
  it("takes the sample standard deviation", () => {
    expect(spreadOf([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ mean: 5, deviation: Math.sqrt(32 / 7), count: 8 });
  });

  it("has no deviation for one value, and is null for none", () => {
    expect(spreadOf([3])).toEqual({ mean: 3, deviation: null, count: 1 });
    expect(spreadOf([])).toBeNull();
  });

  it("leaves out what is no number", () => {
    expect(spreadOf([1, null, Number.NaN, undefined, 3])).toEqual({
      mean: 2,
      deviation: Math.SQRT2,
      count: 2,
    });
  });
});

describe("formatSpread", () => {
  it.each([
    [{ mean: 78.04, deviation: 0.449, count: 2 }, "78.0 ± 0.4"],
    [{ mean: 78.04, deviation: null, count: 1 }, "78.0"],
    [null, "–"],
  ])("writes %o as %s", (spread, text) => expect(formatSpread(spread)).toBe(text));
});
