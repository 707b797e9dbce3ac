import * as tf from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, test } from "vitest";
import { createEngine, type EngineName, inspectEngines } from "./index.js";

afterAll(() => createEngine({ name: "wasm" }));

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

  test("takes by default what inspectEngines foretells", async () => {
    const { automatic } = await inspectEngines();
    expect((await createEngine()).id).toBe(automatic.name);
  });

  test("says why an engine cannot be used", async () => {
    const { engines } = await inspectEngines();
    for (const { name, detail } of engines.filter(({ available }) => !available)) {
      await expect(createEngine({ name })).rejects.toMatchObject({
        code: "BLOCKWISE_ENGINE_UNAVAILABLE",
        engine: name,
        message: expect.stringContaining(detail),
      });
    }
  });

  test.each([{ name: "gpu" as EngineName }, { memoryBudgetBytes: 0 }, { memoryBudgetBytes: 5 * 2 ** 30 }])(
    "refuses %j",
    async (options) => {
      await expect(createEngine({ name: "wasm", ...options })).rejects.toMatchObject({
        code: "BLOCKWISE_INVALID_OPTION",
      });
    },
  );
});
