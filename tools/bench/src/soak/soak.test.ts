import { createEngine } from "@blockwise/engine";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { describeSoak, judge, soak } from "./soak.js";

describe("soak", () => {
  it("samples in the course of the steps, and leaves no tensor", async () => {
    const engine = await createEngine({ name: "wasm" });
    const workload = {
      model: "tiny",
      mode: "blockwise",
      batch: 2,
      size: 8,
      projector: 16,
      chunkBytes: "auto",
    } as const;
    const before = tf.memory().numTensors;
    const result = soak(workload, engine, 6);
    expect(tf.memory().numTensors).toBe(before);
    expect(result.samples.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(result.samples[5]?.residentBytes).toBeGreaterThan(1e7);
    expect(describeSoak(result).split("\n")).toHaveLength(3);
  });
});

describe("judge", () => {
  const samples = (resident: (step: number) => number) =>
    Array.from({ length: 100 }, (_, index) => {
      const step = 20 * (index + 1);
      return { step, residentBytes: resident(step) };
    });

  it("calls memory flat that rises at first and then stays, though it is not still", () => {
    const settled = judge(
      samples((step) => 1e8 + 5e7 * Math.min(1, step / 500) + 1e6 * (step % 40)),
      2000,
    );
    expect(settled.isFlat).toBe(true);
  });

  it("finds a leak of 10 kB a step", () => {
    const leaking = judge(
      samples((step) => 1e8 + 1e4 * step),
      2000,
    );
    expect(leaking.bytesPerStep).toBeCloseTo(1e4, 3);
    expect(leaking.growth).toBeCloseTo(2e7 / 1.151e8, 3);
    expect(leaking.isFlat).toBe(false);
  });
});
