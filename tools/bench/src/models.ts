import { type ResNetOptions, resnet } from "@blockwise/backbone-resnet";
import { createNetwork, type Network } from "@blockwise/core";
import { convolutionExpansion, mlpProjector } from "@blockwise/heads";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { sgd } from "@blockwise/optim";
import type { EngineV1 } from "@blockwise/spec";

/** Networks of different sizes, the same here and in `torch/step.py`. */
export const models = {
  tiny: {
    backbone: { depth: { unit: "basic", unitCounts: [1, 1, 1, 1] }, width: 16, stem: "cifar" },
    dim: 128,
    width: 256,
  },
  r18w16: { backbone: { depth: 18, width: 16, stem: "cifar" }, dim: 128, width: 256 },
  r18: { backbone: { depth: 18, width: 64, stem: "cifar" }, dim: 512, width: 2048 },
  r50: { backbone: { depth: 50, width: 64, stem: "imagenet" }, dim: 2048, width: 8192 },
} as const satisfies Record<string, { backbone: ResNetOptions; dim: number; width: number }>;

/** A model's name. */
export type ModelName = keyof typeof models;

/** What is timed. */
export interface Workload {
  readonly model: ModelName;
  readonly mode: "blockwise" | "end-to-end";
  readonly batch: number;
  /** Height and width of the images in pixels. */
  readonly size: number;
}

/** The network of a workload: head 1x1 to `dim`, projector of three layers, Barlow Twins, SGD with momentum. */
export function buildModel({ model, mode, batch, size }: Workload, engine: EngineV1): Network {
  const { backbone, dim, width } = models[model];
  return createNetwork({
    engine,
    backbone: resnet(backbone),
    partition: mode === "blockwise" ? "stages" : "end-to-end",
    head: convolutionExpansion({ dim }),
    projector: mlpProjector({ widths: [width, width, width] }),
    loss: barlowTwins({ lambda: 0.0051, scale: 1 }),
    optimizer: sgd({ momentum: 0.9, weightDecay: 0 }),
    imageShape: [size, size, 3],
    batchSize: batch,
    classCount: null,
    seed: 0,
  });
}
