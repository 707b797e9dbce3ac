import { barlowTwinsViews } from "@blockwise/augment";
import { createEngine } from "@blockwise/engine";
import { warmupCosine } from "@blockwise/optim";
import type { BlockFeaturesV1, EngineV1, TrainerCallbackV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyImages } from "../__fixtures__/tiny-images.js";
import { differences, scaledLoss, tinyOptions, valuesOf } from "../__fixtures__/tiny-network.js";
import { createTrainer, type TrainerOptions } from "./trainer.js";

let engine: EngineV1;
beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});

function watcher(onBlockFeatures: (event: BlockFeaturesV1) => void): TrainerCallbackV1 {
  return { specificationVersion: "v1", kind: "callback", id: "watcher", options: {}, onBlockFeatures };
}

/** Trains three steps with noise; returns all values that the network then keeps. */
async function trained(changes: Partial<TrainerOptions>): Promise<Record<string, Float32Array>> {
  const { imageShape: _, classCount: __, ...network } = tinyOptions;
  const trainer = createTrainer({
    ...network,
    engine,
    noise: { kind: "all", standardDeviation: 0.25 },
    schedule: warmupCosine({ baseLearningRate: 0.3, warmupSteps: 1 }),
    source: tinyImages(20),
    augmentation: barlowTwinsViews({ size: 8 }),
    epochs: 1,
    workers: 0,
    ...changes,
  });
  try {
    await trainer.run();
    return valuesOf(trainer.network);
  } finally {
    trainer.dispose();
  }
}

describe("onBlockFeatures", () => {
  it("shows every block's output, head and labels, and leaves training as it is, bit for bit", async () => {
    const seen: unknown[] = [];
    let total = 0;
    const watched = await trained({
      callbacks: [
        watcher(({ block, map, feature, labels }) => {
          // Draws, computes and leaves its tensors about, as a careless probe would.
          const noise = tf.randomNormal(map.shape);
          total += tf.sum(tf.add(map, noise)).dataSync()[0] ?? Number.NaN;
          seen.push([block, map.shape, feature.shape, labels?.shape]);
        }),
      ],
    });
    expect(seen.slice(0, 3)).toEqual([
      ["layer1", [6, 8, 8, 4], [6, 6], [6]],
      ["layer2", [6, 4, 4, 8], [6, 6], [6]],
      ["layer3", [6, 2, 2, 16], [6, 6], [6]],
    ]);
    expect(seen).toHaveLength(9);
    expect(total).toBeFinite();
    expect(differences(watched, await trained({}))).toEqual([]);
  });

  it("shows nothing of a step that is skipped", async () => {
    const blocks: string[] = [];
    await trained({
      loss: scaledLoss(({ block, step }) => (block === 1 && step === 0 ? Number.NaN : 1)),
      callbacks: [watcher(({ block }) => void blocks.push(block))],
    });
    expect(blocks.slice(0, 5)).toEqual(["layer1", "layer3", "layer1", "layer2", "layer3"]);
  });

  it("ends the run with the error of one that throws, and leaves no tensor", async () => {
    await trained({});
    const before = tf.memory().numTensors;
    const failing = trained({
      callbacks: [
        watcher(() => {
          throw new Error("no more room");
        }),
      ],
    });
    await expect(failing).rejects.toThrow("no more room");
    expect(tf.memory().numTensors).toBe(before);
  });
});
