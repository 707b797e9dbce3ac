import { describe, expect, it } from "vitest";
import { Comparison, limits, relativeError } from "./compare.js";

const numbers = (...values: number[]): Float32Array => Float32Array.from(values);
const kinds = Object.keys(limits) as (keyof typeof limits)[];

/** A comparison of which all kinds are equal but for what is added. */
function equalIn(left: readonly (keyof typeof limits)[]): Comparison {
  const comparison = new Comparison();
  for (const kind of left) comparison.add(kind, "same", numbers(1, 2), numbers(1, 2));
  return comparison;
}

describe("relativeError", () => {
  it("is the norm of the difference over the reference's", () => {
    expect(relativeError(numbers(3, 5), numbers(3, 4))).toBeCloseTo(1 / 5, 7);
    expect(relativeError(numbers(3, 4), numbers(3, 4))).toBe(0);
    expect(relativeError(numbers(), numbers())).toBe(0);
  });

  it("is absolute where the reference is 0", () => {
    expect(relativeError(numbers(3, 4), numbers(0, 0))).toBe(5);
  });

  it("is infinite for other lengths and for what is no number, on either side", () => {
    const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
    for (const [actual, reference] of [
      [[1], [1, 2]],
      [[1, 2], [1]],
      [[], [1]],
      [
        [1, nan],
        [1, 2],
      ],
      [
        [1, 2],
        [1, nan],
      ],
      [
        [1, infinity],
        [1, 2],
      ],
      [
        [1, 2],
        [1, infinity],
      ],
      [[infinity], [infinity]],
    ] as const) {
      expect([actual, reference, relativeError(numbers(...actual), numbers(...reference))]).toEqual([
        actual,
        reference,
        infinity,
      ]);
    }
  });
});

describe("Comparison", () => {
  it("passes where every kind was compared and is within its limit", () => {
    expect(equalIn(kinds).passed).toBe(true);
    for (const kind of kinds) expect(equalIn(kinds.filter((other) => other !== kind)).passed).toBe(false);
    expect(new Comparison().passed).toBe(false);
  });

  it.each(kinds)("fails on %s above their limit, and names the worst", (kind) => {
    const comparison = equalIn(kinds);
    comparison.add(kind, "within", numbers(1 + 0.9 * limits[kind]), numbers(1));
    expect(comparison.passed).toBe(true);
    comparison.add(kind, "beyond", numbers(1 + 1.1 * limits[kind]), numbers(1));
    comparison.add(kind, "after", numbers(1), numbers(1));
    expect(comparison.passed).toBe(false);
    expect(comparison.worst.get(kind)).toMatchObject({ tensor: "beyond", compared: 4 });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("never forgets %d", (value) => {
    const comparison = equalIn(kinds);
    comparison.add("weights", "broken", numbers(value), numbers(1));
    comparison.add("weights", "off", numbers(2), numbers(1));
    comparison.add("weights", "same", numbers(1), numbers(1));
    expect(comparison.passed).toBe(false);
    expect(comparison.worst.get("weights")).toMatchObject({ tensor: "broken", compared: 4 });
  });
});
