import { describe, expect, it } from "vitest";
import { compareErrors, summarizeErrors } from "./corruption-errors.js";

const block = { block: "layer1", clean: 10, byCorruption: { fog: [20, 40], snow: [10, 30] } };
const baseline = { block: "layer1", clean: 20, byCorruption: { fog: [40, 80], snow: [20, 60] } };

describe("summarizeErrors", () => {
  it("means over severities, then over corruptions", () => {
    expect(summarizeErrors(block)).toEqual({ meanBySeverity: { fog: 30, snow: 20 }, mean: 25 });
  });
});

describe("compareErrors", () => {
  it("divides sums of errors by the baseline's, corruption by corruption", () => {
    expect(
      compareErrors(block, { ...baseline, byCorruption: { fog: [40, 80], snow: [20, 20] } }),
    ).toMatchObject({
      // 60 / 120 and 40 / 40: a mean of ratios, not the ratio of means.
      corruptionError: { fog: 50, snow: 100 },
      meanCorruptionError: 75,
    });
  });

  it("takes the clean errors off first for the relative ones", () => {
    // (10 + 30) / (20 + 60) and (0 + 20) / (0 + 40).
    expect(compareErrors(block, baseline)).toMatchObject({
      relativeCorruptionError: { fog: 50, snow: 50 },
      relativeMeanCorruptionError: 50,
    });
  });

  it("is 100 against itself", () => {
    expect(compareErrors(block, block)).toEqual({
      corruptionError: { fog: 100, snow: 100 },
      meanCorruptionError: 100,
      relativeCorruptionError: { fog: 100, snow: 100 },
      relativeMeanCorruptionError: 100,
    });
  });

  it("has no ratio to a baseline that makes no error, or no more than on clean images", () => {
    const perfect = { block: "layer1", clean: 0, byCorruption: { fog: [0, 0], snow: [0, 10] } };
    expect(compareErrors(block, perfect)).toMatchObject({
      corruptionError: { fog: null, snow: 400 },
      meanCorruptionError: null,
    });
    const unmoved = { block: "layer1", clean: 30, byCorruption: { fog: [20, 40], snow: [40, 40] } };
    expect(compareErrors(block, unmoved)).toMatchObject({
      relativeCorruptionError: { fog: null, snow: 100 },
      relativeMeanCorruptionError: null,
    });
  });
});
