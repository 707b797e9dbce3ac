import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine } from "@blockwise/engine";
import { globalPool } from "@blockwise/heads";
import { adamW } from "@blockwise/optim";
import { readSafetensors } from "@blockwise/safetensors";
import type { EngineV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { differences, tinyViews, valuesOf } from "../__fixtures__/tiny-network.js";
import { stopAfter, tinyRun } from "../__fixtures__/tiny-run.js";
import { createFeatureProbe } from "../probe/feature-probe.js";
import { describeConfiguration } from "./describe-configuration.js";
import { createTrainer, type Trainer, type TrainerOptions } from "./trainer.js";

let engine: EngineV1;
let directory: string;
const trainers: Trainer[] = [];

beforeAll(async () => {
  engine = await createEngine({ name: "wasm" });
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "blockwise-overlap-"));
});
afterEach(async () => {
  for (const trainer of trainers.splice(0)) trainer.dispose();
  await rm(directory, { recursive: true, force: true });
});

const partition = [
  ["stem", "layer1.0", "layer2.0"],
  ["layer2.0", "layer3.0"],
];

function makeTrainer(changes: Partial<TrainerOptions> = {}): Trainer {
  const trainer = createTrainer({ ...tinyRun(engine), partition, optimizer: adamW(), ...changes });
  trainers.push(trainer);
  return trainer;
}

describe("a run of blocks that share units", () => {
  it("interrupted and resumed, ends bit for bit where a straight run ends", async () => {
    const straight = makeTrainer();
    await straight.run();
    const checkpoints = { directory };
    await makeTrainer({ checkpoints, ...stopAfter(4) }).run();
    const resumed = makeTrainer({ checkpoints });
    expect(await resumed.resume("latest")).toBe(4);
    await resumed.run();
    expect(differences(valuesOf(straight.network), valuesOf(resumed.network))).toEqual([]);
    const path = join(directory, "step-00000006", "tensors.safetensors");
    const names = [...(await readSafetensors(path)).tensors.keys()];
    expect(names.filter((name) => name.endsWith("layer2.0.conv1.weight"))).toHaveLength(
      // The weight and its two averages.
      3,
    );
  });

  it("says in its configuration which units are shared", () => {
    expect(describeConfiguration({ ...tinyRun(engine), partition })).toMatchObject({ partition });
  });

  it("has its features read after every stage, shared units run once", () => {
    const { network } = makeTrainer();
    const images = tinyViews(0);
    const featuresAt = (depths: TrainerOptions["partition"]) => {
      const probe = createFeatureProbe({ network, depths, head: globalPool(), seed: 0 });
      const features = tf.tidy(() =>
        probe
          .features(images[0] as tf.Tensor)
          .map((depth) => [depth.raw.arraySync(), depth.head.arraySync()]),
      );
      const trained = probe.depths.map(({ trainedHead }) => trainedHead);
      probe.dispose();
      return { features, trained };
    };
    const stages = featuresAt("stages");
    const blocks = featuresAt(partition);
    expect(stages.trained).toEqual([false, true, true]);
    expect(blocks.trained).toEqual([true, true]);
    expect(blocks.features).toEqual(stages.features.slice(1));
    tf.dispose(images);
  });
});
