import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { createEngine, inspectEngines } from "./index.js";

test("inspectEngines reports every engine and leaves the active one alone", async () => {
  await createEngine({ name: "wasm" });
  const report = await inspectEngines();
  expect(report.engines.map(({ name }) => name)).toEqual([
    "node-gpu",
    "node",
    "native",
    "wasm",
    "webgpu",
    "cpu",
  ]);
  for (const engine of report.engines) {
    expect(engine.detail).not.toBe("");
    if (!engine.available && engine.howToGet !== null)
      expect(engine.howToGet).toMatch(/^(np[mx] |blockwise engine install)/);
  }
  const picked = report.engines.find(({ name }) => name === report.automatic.name);
  expect(picked?.available).toBe(true);
  expect(tf.getBackend()).toBe("wasm");
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});
