import { InvalidOptionError } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { parseNormalization, statedNormalization } from "./stated-normalization.js";

describe("statedNormalization", () => {
  it("knows names, and takes numbers for each channel or for all", () => {
    expect(statedNormalization("imagenet", 3).mean).toEqual([0.485, 0.456, 0.406]);
    expect(statedNormalization("cifar-10", 3).std).toEqual([0.247, 0.2435, 0.2616]);
    expect(statedNormalization("half", 1)).toEqual({ mean: [0.5], std: [0.5] });
    expect(statedNormalization("none", 3)).toEqual({ mean: [0, 0, 0], std: [1, 1, 1] });
    expect(statedNormalization({ mean: [0.1, 0.2, 0.3], std: [2] }, 3)).toEqual({
      mean: [0.1, 0.2, 0.3],
      std: [2, 2, 2],
    });
  });

  it("refuses numbers of other channels", () => {
    expect(() => statedNormalization("cifar-10", 1)).toThrow(InvalidOptionError);
    expect(() => statedNormalization({ mean: [0, 0], std: [1] }, 3)).toThrow(/one mean and deviation, or 3/);
  });
});

describe("parseNormalization", () => {
  it("reads names and numbers", () => {
    expect(parseNormalization("cifar-10")).toBe("cifar-10");
    expect(parseNormalization("0.5, 0.4,0.3/0.25")).toEqual({ mean: [0.5, 0.4, 0.3], std: [0.25] });
  });

  it("refuses all else", () => {
    for (const text of ["", "/", "1,2,3", "0.5/0", "0.5/-1", "a,b/c", "1/1/1", "0.5,/1", "1e999/1", "../x"])
      expect(() => parseNormalization(text), text).toThrow(InvalidOptionError);
  });
});
