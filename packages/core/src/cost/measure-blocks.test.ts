import { createEngine } from "@blockwise/engine";
import { crossEntropy } from "@blockwise/loss-cross-entropy";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { differences, tinyNetwork, valuesOf } from "../__fixtures__/tiny-network.js";
import { measureBlocks } from "./measure-blocks.js";

it("times every block's step and leaves what blocks keep, and no tensor", async () => {
  const engine = await createEngine({ name: "wasm" });
  const network = tinyNetwork(engine, { loss: crossEntropy(), classCount: 3 });
  const before = valuesOf(network);
  const tensors = tf.memory().numTensors;
  const seconds = measureBlocks(network);
  expect(seconds).toHaveLength(3);
  for (const own of seconds) expect(own).toBeGreaterThan(0);
  expect(tf.memory().numTensors).toBe(tensors);
  expect(differences(before, valuesOf(network))).toEqual([]);
  network.dispose();
});

it("finds the block that costs most", async () => {
  const engine = await createEngine({ name: "wasm" });
  const network = tinyNetwork(engine, { imageShape: [64, 64, 3] });
  const [first = 0, , third = 0] = measureBlocks(network);
  // Sixteen times as many pixels, and the stem.
  expect(first).toBeGreaterThan(third);
  network.dispose();
});
