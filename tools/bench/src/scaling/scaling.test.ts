import { createEngine } from "@blockwise/engine";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { measureScaling, scalingTable } from "./scaling.js";

it("times each value of each property, and leaves no tensor", async () => {
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
  const series = await measureScaling(workload, engine, 1);
  expect(tf.memory().numTensors).toBe(before);
  expect(series.map(({ property, points }) => [property, points.map(({ value }) => value)])).toEqual([
    ["batch", [8, 32, 128]],
    ["width", [8, 16, 32, 64]],
    ["blocks", [1, 2, 4]],
    ["workers", [1, 2]],
  ]);
  for (const { pairsPerSecond, gflopsPerSecond } of series.flatMap(({ points }) => points)) {
    expect(pairsPerSecond).toBeGreaterThan(0);
    expect(gflopsPerSecond).toBeGreaterThan(0);
  }
  expect(scalingTable(series).split("\n")).toHaveLength(12);
}, 60_000);
