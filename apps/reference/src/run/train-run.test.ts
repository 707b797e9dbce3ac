import { expect, it } from "vitest";
import { toRecord } from "./train-run.js";

const result = {
  step: 10,
  stepCount: 10,
  interrupted: false,
  startStep: 0,
  seconds: 30,
  pairsPerSecond: 1,
  dataWaitShare: 0.4,
  input: { images: 40, imagesPerSecond: 5, waitMs: 12_000, broken: { count: 0, names: [] } },
  skippedSteps: {},
  frozenOutputs: null,
  blockWorkers: null,
};

it("counts the time of a run over all the times it was resumed", () => {
  const first = toRecord({ ...result, step: 5, interrupted: true }, null, 4, "wasm");
  const second = toRecord({ ...result, startStep: 5, seconds: 10, dataWaitShare: 0 }, first, 4, "wasm");
  expect(second).toMatchObject({ complete: true, seconds: 40, timedSteps: 10, pairsPerSecond: 1 });
  expect(second.dataWaitShare).toBeCloseTo(0.3);
});

it("leaves the record of a complete run as it was when it is resumed", () => {
  const complete = toRecord(result, null, 4, "wasm");
  const input = { ...result.input, images: 0, imagesPerSecond: 0, waitMs: 0 };
  const again = toRecord(
    { ...result, input, startStep: 10, seconds: 0, dataWaitShare: 0 },
    complete,
    4,
    "wasm",
  );
  expect({ ...again, peakMemoryBytes: 0 }).toEqual({ ...complete, peakMemoryBytes: 0 });
});
