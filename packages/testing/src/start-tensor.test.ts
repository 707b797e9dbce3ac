import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { startTensor } from "./start-tensor.js";
import { useCpuBackend } from "./use-cpu-backend.js";

beforeAll(useCpuBackend);

it.each([
  { kind: "normal", standardDeviation: 1 },
  { kind: "uniform", bound: 1 },
] as const)("gives the same numbers at the same place and others elsewhere: $kind", (initializer) => {
  tf.tidy(() => {
    const spec = { name: "weight", shape: [5], layout: "plain", initializer } as const;
    const [first, again, next] = [0, 0, 1].map((place) => startTensor(spec, place).arraySync());
    expect(again).toEqual(first);
    expect(next).not.toEqual(first);
  });
});

it("fills with zeros and ones", () => {
  tf.tidy(() => {
    const start = (kind: "ones" | "zeros"): tf.Tensor =>
      startTensor({ name: "buffer", shape: [2], initializer: { kind } }, 0);
    expect(start("zeros")).toBeCloseToTensor([0, 0]);
    expect(start("ones")).toBeCloseToTensor([1, 1]);
  });
});
