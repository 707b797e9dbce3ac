import { InvalidOptionError } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { constant, warmupCosine } from "./index.js";

describe("warmupCosine", () => {
  it("rises from 0, peaks at the base, falls half-way to the middle", () => {
    const schedule = warmupCosine({ baseLearningRate: 2, warmupSteps: 10, finalFactor: 0.5 });
    const rate = (step: number) => schedule.learningRate({ step, stepCount: 110 });
    expect(rate(0)).toBe(0);
    expect(rate(5)).toBe(1);
    expect(rate(10)).toBe(2);
    expect(rate(60)).toBeCloseTo(1.5, 12);
    expect(rate(109)).toBeGreaterThan(1);
    expect(rate(109)).toBeLessThan(1.001);
  });

  it("gives the paper's rates", () => {
    // 626 steps an epoch, 300 epochs, batch 2048; adjust_learning_rate of the Barlow Twins code by hand.
    const schedule = warmupCosine({ baseLearningRate: (0.2 * 2048) / 256, warmupFraction: 10 / 300 });
    const rate = (step: number) => schedule.learningRate({ step, stepCount: 187_800 });
    expect(rate(626)).toBeCloseTo(0.16, 12);
    expect(rate(6260)).toBe(1.6);
    // cos(pi/3) = 1/2, so q = 3/4 a third of the way down: 1.6 * 0.75 + 0.0016 * 0.25.
    expect(rate(6260 + (187_800 - 6260) / 3)).toBeCloseTo(1.2004, 4);
  });

  it("takes the fraction in whole steps and needs no warm-up", () => {
    const fraction = warmupCosine({ baseLearningRate: 1, warmupFraction: 0.26 });
    expect(fraction.learningRate({ step: 2, stepCount: 10 })).toBeCloseTo(2 / 3, 12);
    expect(fraction.learningRate({ step: 3, stepCount: 10 })).toBe(1);
    const none = warmupCosine({ baseLearningRate: 1, warmupSteps: 0 });
    expect(none.learningRate({ step: 0, stepCount: 10 })).toBe(1);
  });

  it("only warms up where the run is no longer than the warm-up", () => {
    const schedule = warmupCosine({ baseLearningRate: 1, warmupSteps: 8 });
    expect(schedule.learningRate({ step: 3, stepCount: 4 })).toBe(3 / 8);
  });

  it("states the options in force", () => {
    expect(warmupCosine({ baseLearningRate: 1 }).options).toEqual({
      baseLearningRate: 1,
      warmupFraction: 0.05,
      finalFactor: 0.001,
    });
    expect(warmupCosine({ baseLearningRate: 1, warmupSteps: 3 }).options).toEqual({
      baseLearningRate: 1,
      warmupSteps: 3,
      finalFactor: 0.001,
    });
  });

  it.each([
    ["baseLearningRate", { baseLearningRate: 0 }],
    ["warmupSteps", { baseLearningRate: 1, warmupSteps: 1.5 }],
    ["warmupFraction", { baseLearningRate: 1, warmupFraction: 1 }],
    ["warmupFraction", { baseLearningRate: 1, warmupSteps: 3, warmupFraction: 0.1 }],
    ["finalFactor", { baseLearningRate: 1, finalFactor: -1 }],
  ])("refuses a bad %s: %j", (option, options) => {
    expect(() => warmupCosine(options)).toThrow(InvalidOptionError);
    expect(() => warmupCosine(options)).toThrow(`"${option}"`);
  });
});

describe("constant", () => {
  it("is the same at every step", () => {
    expect(constant(0.3).learningRate({ step: 7, stepCount: 10 })).toBe(0.3);
    expect(constant(0.3).options).toEqual({ learningRate: 0.3 });
  });

  it("refuses a negative rate", () => {
    expect(() => constant(-1)).toThrow(InvalidOptionError);
  });
});
