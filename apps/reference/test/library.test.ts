import { join } from "node:path";
import { barlowTwinsViews, evaluationView } from "@blockwise/augment";
import { resnet } from "@blockwise/backbone-resnet";
import { createTrainer, extractFeatures } from "@blockwise/core";
import { openDataset } from "@blockwise/data";
import { createEngine } from "@blockwise/engine";
import { writeFeatures } from "@blockwise/feature-files";
import { convolutionExpansion, mlpProjector } from "@blockwise/heads";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { adamW, warmupCosine } from "@blockwise/optim";
import { readSafetensors } from "@blockwise/safetensors";
import { expect, it } from "vitest";
import { writeDigits } from "./digit-folder.js";
import { temporaryFolder } from "./temporary-folder.js";

const folder = temporaryFolder();

it("trains on a folder as a library and writes features in three lines, as the README says", async () => {
  const images = join(folder, "photos");
  await writeDigits(images, { count: 40, classes: false });
  const engine = await createEngine({ name: "wasm" });
  const { train } = await openDataset(images, { images: { decodeSize: 64, channels: 3 } });
  const trainer = createTrainer({
    engine,
    source: train,
    augmentation: barlowTwinsViews({ size: 16, scale: [0.2, 1], blur: [0, 0] }),
    backbone: resnet({ depth: { unit: "basic", unitCounts: [1, 1] }, width: 4, stem: "cifar" }),
    partition: "stages",
    head: convolutionExpansion({ dim: 8 }),
    projector: mlpProjector({ widths: [16, 16] }),
    loss: barlowTwins({ scale: 0.1 }),
    optimizer: adamW({ weightDecay: 1e-4 }),
    schedule: warmupCosine({ baseLearningRate: 2e-3 }),
    batchSize: 20,
    epochs: 1,
    seed: 0,
  });
  await trainer.run();

  const out = join(folder, "photos.safetensors");
  const { train: photos } = await openDataset(images, { images: { decodeSize: 64, channels: 3 } });
  const depths = await extractFeatures({
    network: trainer.network,
    source: photos,
    augmentation: evaluationView({ size: 16 }),
  });
  const { tables } = await writeFeatures(out, { depths, source: photos });

  trainer.dispose();
  expect(tables).toEqual(["layer1.raw", "layer1.head", "layer2.raw", "layer2.head"]);
  const { tensors } = await readSafetensors(out);
  expect(tensors.get("layer2.raw")?.shape).toEqual([40, 8]);
  expect(new Set(tensors.get("layer2.raw")?.data as Float32Array).size).toBeGreaterThan(40);
  expect(new TextDecoder().decode(tensors.get("names")?.data as Uint8Array)).toMatch(/^0000\.png\0/);
}, 60_000);
