import { resnet } from "@blockwise/backbone-resnet";
import { createEngine } from "@blockwise/engine";
import { convolutionExpansion, globalPool, mlpProjector } from "@blockwise/heads";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import type { NetworkOptions } from "../wiring/block-definition.js";
import { measureSpeed } from "./measure-speed.js";

const network: NetworkOptions = {
  backbone: resnet({ depth: { unit: "basic", unitCounts: [1, 2] }, width: 4, stem: "cifar" }),
  partition: "stages",
  head: ({ index }) => (index === 0 ? globalPool() : convolutionExpansion({ dim: 8 })),
  projector: mlpProjector({ widths: [16, 16] }),
  loss: barlowTwins(),
  imageShape: [8, 8, 3],
  batchSize: 4,
  classCount: null,
};

it("gives every part of every block a speed, and leaves no tensor", async () => {
  const engine = await createEngine({ name: "wasm" });
  const before = tf.memory().numTensors;
  const speeds = measureSpeed(network, { engine });
  expect(tf.memory().numTensors).toBe(before);
  expect(speeds).toHaveLength(2);
  for (const { backbone, head, projector } of speeds) {
    for (const speed of [backbone, head, projector]) expect(speed).toBeGreaterThan(0);
    expect(Number.isFinite(backbone)).toBe(true);
  }
  // A mean counts no multiplications.
  expect(speeds.map(({ head }) => head === Number.POSITIVE_INFINITY)).toEqual([true, false]);
});

it("does not make the weights of a part that is too large", async () => {
  const engine = await createEngine({ name: "wasm" });
  const large = { ...network, projector: mlpProjector({ widths: [1_000_000_000] }) };
  const [first, second] = measureSpeed(large, { engine });
  expect(first?.projector).toBeGreaterThan(0);
  expect(second?.projector).toBeLessThan(Number.POSITIVE_INFINITY);
});
