import { createEngine } from "@blockwise/engine";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { profileKernels } from "./kernel-profile.js";
import { buildModel } from "./models.js";
import { median, timeSteps } from "./time-steps.js";

let engine: Awaited<ReturnType<typeof createEngine>>;

beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});

/** By hand, of one image of 8 pixels: stem, four units with their shortcuts, heads and projectors. */
const tinyMultiplyAdds = [
  64 * 27 * 16,
  2 * 64 * 9 * 16 * 16,
  16 * (9 * 16 * 32 + 9 * 32 * 32 + 16 * 32),
  4 * (9 * 32 * 64 + 9 * 64 * 64 + 32 * 64),
  1 * (9 * 64 * 128 + 9 * 128 * 128 + 64 * 128),
  128 * (64 * 16 + 16 * 32 + 4 * 64 + 1 * 128),
  4 * (128 * 256 + 2 * 256 * 256),
].reduce((sum, part) => sum + part, 0);

const small = { model: "tiny", mode: "blockwise", batch: 4, size: 8 } as const;

describe("timeSteps", () => {
  it("measures the step that it says it does and leaves no tensor", () => {
    const before = tf.memory().numTensors;
    const result = timeSteps(small, engine, 2);
    expect(tf.memory().numTensors).toBe(before);
    expect(result).toMatchObject({ ...small, engine: "wasm", steps: 2 });
    expect(result.pairsPerSecond).toBeCloseTo((4 / result.stepMsMedian) * 1000, 6);
    const flops = (4 * 3 * 2 * 2 * tinyMultiplyAdds) / 1e6;
    expect(result.gflopsPerSecond).toBeCloseTo(flops / result.stepMsMedian, 6);
    expect(result.residentBytes.third).toBeGreaterThan(1e7);
    expect(result.peakMemoryBytes).toBeGreaterThanOrEqual(result.residentBytes.third);
  });

  it("does the work of the mode: four losses or one", () => {
    const blocks = (mode: "blockwise" | "end-to-end"): number => {
      const network = buildModel({ ...small, mode }, engine);
      const count = network.learners.length;
      network.dispose();
      return count;
    };
    expect([blocks("blockwise"), blocks("end-to-end")]).toEqual([4, 1]);
  });
});

describe("profileKernels", () => {
  it("names the kernels that ran and puts them back", () => {
    const name = tf.getBackend();
    const before = tf.getKernel("Add", name)?.kernelFunc;
    const times = profileKernels(() => tf.tidy(() => void tf.add(tf.ones([3]), 1)));
    expect(times.map(({ kernel }) => kernel)).toContain("Add");
    expect(times.find(({ kernel }) => kernel === "Add")?.calls).toBe(1);
    expect(tf.getKernel("Add", name)?.kernelFunc).toBe(before);
  });

  it("puts them back after a failure too", () => {
    const before = tf.getKernel("Add", tf.getBackend())?.kernelFunc;
    expect(() =>
      profileKernels(() => {
        throw new Error("stop");
      }),
    ).toThrow("stop");
    expect(tf.getKernel("Add", tf.getBackend())?.kernelFunc).toBe(before);
  });
});

describe("median", () => {
  it("takes the middle, the upper one of two", () => {
    expect([median([3, 1, 2]), median([1, 2])]).toEqual([2, 2]);
  });
});
