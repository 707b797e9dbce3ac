/**
 * Trains a VGG block by block in code: `node train.mjs FOLDER_OF_IMAGES [STEPS]`. Nothing is registered: the backbone is
 * what its function returns.
 */
import { barlowTwinsViews } from "@blockwise/augment";
import { createTrainer } from "@blockwise/core";
import { openDataset } from "@blockwise/data";
import { createEngine } from "@blockwise/engine";
import { globalPool, mlpProjector } from "@blockwise/heads";
import { vicreg } from "@blockwise/loss-vicreg";
import { adamW, warmupCosine } from "@blockwise/optim";
import { vgg } from "backbone-vgg";

const [folder, steps = "100"] = process.argv.slice(2);
if (folder === undefined) throw new Error("Name a folder of images: node train.mjs photos");

const engine = await createEngine();
const { train } = await openDataset(folder, { images: { decodeSize: 48, channels: "auto" } });
const trainer = createTrainer({
  engine,
  source: train,
  augmentation: barlowTwinsViews({ size: 32, channels: train.channels, scale: [0.2, 1], blur: [0, 0] }),
  backbone: vgg({ width: 8, unitCounts: [1, 1, 2], inputChannels: train.channels }),
  partition: "units", // every convolution learns by itself
  head: globalPool(),
  projector: mlpProjector({ widths: [64, 64] }),
  loss: vicreg(),
  optimizer: adamW({ weightDecay: 1e-4 }),
  schedule: warmupCosine({ baseLearningRate: 2e-3 }),
  batchSize: Math.min(32, train.size),
  epochs: Number(steps),
  maxSteps: Number(steps),
  seed: 0,
  callbacks: [
    {
      specificationVersion: "v1",
      kind: "callback",
      id: "print",
      options: {},
      onStepEnd: ({ step, blocks }) =>
        console.log(
          `step ${step}: ${blocks.map(({ block, loss }) => `${block} ${loss.toFixed(3)}`).join(", ")}`,
        ),
    },
  ],
  checkpoints: { directory: "checkpoints" },
});
const { step } = await trainer.run();
trainer.dispose();
console.log(`trained ${step} steps; the checkpoints are in ./checkpoints`);
