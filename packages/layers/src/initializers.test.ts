import { expect, it } from "vitest";
import { kaimingNormalFanOut, torchDefault } from "./initializers.js";

it("kaimingNormalFanOut takes the filter's outputs, not its inputs", () => {
  expect(kaimingNormalFanOut(64, 3)).toEqual({ kind: "normal", standardDeviation: Math.sqrt(2 / (64 * 9)) });
});

it("torchDefault takes the inputs of one output", () => {
  expect(torchDefault(100)).toEqual({ kind: "uniform", bound: 0.1 });
});
