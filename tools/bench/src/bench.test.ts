import { createEngine } from "@blockwise/engine";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { memoryTable } from "./compare-memory.js";
import { profileKernels } from "./kernel-profile.js";
import { measureMemory } from "./measure-memory.js";
import { buildModel } from "./models.js";
import { timeMeters } from "./time-meters.js";
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

const small = {
  model: "tiny",
  mode: "blockwise",
  batch: 4,
  size: 8,
  projector: null,
  chunkBytes: "auto",
} as const;

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

describe("measureMemory", () => {
  it("finds the peak of each block, and what lies between steps", async () => {
    const before = tf.memory();
    const result = await measureMemory({ ...small, projector: 64 }, engine);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    const { blocks, peakTensorBytes, restingTensorBytes } = result;
    expect(blocks.map(({ id }) => id)).toEqual(["layer1", "layer2", "layer3", "layer4"]);
    expect(Math.max(...blocks.map((block) => block.peakTensorBytes))).toBe(peakTensorBytes);
    const state = blocks.reduce((sum, { stateBytes }) => sum + stateBytes, 0);
    expect(restingTensorBytes - before.numBytes).toBe(state + 2 * 4 * 8 * 8 * 3 * 4);
    for (const block of blocks) {
      const { backbone, head, projector } = block.activationBytes;
      expect(block.peakTensorBytes - restingTensorBytes).toBeGreaterThan(backbone + head + projector);
    }
    const lines = memoryTable([result, { mode: "end-to-end", failure: "It does not fit." }]).split("\n");
    expect(lines).toHaveLength(7);
    expect(lines[6]).toBe("end-to-end: It does not fit.");
  });

  it("sees what a head that is cut saves", async () => {
    const large = { ...small, size: 16, projector: 16 };
    const peaks = [];
    for (const chunkBytes of [1e9, 1]) {
      peaks.push((await measureMemory({ ...large, chunkBytes }, engine)).blocks[0]?.peakTensorBytes ?? 0);
    }
    const [whole = 0, cut = 0] = peaks;
    // Both views' maps of 128 channels.
    expect(whole - cut).toBeGreaterThan(2 * 4 * 16 * 16 * 128 * 4);
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

describe("timeMeters", () => {
  it("says what part of the time one measurement in 50 steps takes, and leaves no tensor", () => {
    const before = tf.memory().numTensors;
    const { stepMsMedian, extraMsMedian, share, everySteps } = timeMeters(small, engine, 2);
    expect(tf.memory().numTensors).toBe(before);
    expect(everySteps).toBe(50);
    expect(share).toBeCloseTo(extraMsMedian / 50 / stepMsMedian, 9);
  });
});

describe("median", () => {
  it("takes the middle, the upper one of two", () => {
    expect([median([3, 1, 2]), median([1, 2])]).toEqual([2, 2]);
  });
});
