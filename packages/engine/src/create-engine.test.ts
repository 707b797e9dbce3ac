import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { createEngine } from "./index.js";

describe("createEngine", () => {
  test("switches TensorFlow.js between engines", async () => {
    const wasm = await createEngine({ name: "wasm" });
    expect(tf.getBackend()).toBe("wasm");
    expect(wasm.description).toContain("wasm SIMD");
    expect(wasm.options).toEqual({ name: "wasm", memoryBudgetBytes: 3.5 * 2 ** 30 });
    const cpu = await createEngine({ name: "cpu" });
    expect(tf.getBackend()).toBe("cpu");
    expect(cpu.memory().heapBytes).toBeNull();
    await createEngine({ name: "wasm" });
    expect(tf.getBackend()).toBe("wasm");
  });
});
