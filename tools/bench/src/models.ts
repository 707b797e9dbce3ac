import { type ResNetOptions, resnet } from "@blockwise/backbone-resnet";
import {
  createNetwork,
  type MeterOptions,
  type Network,
  type NetworkOptions,
  type Partition,
} from "@blockwise/core";
import { convolutionExpansion, mlpProjector } from "@blockwise/heads";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { sgd } from "@blockwise/optim";
import { fillNormal, fold, rootKey } from "@blockwise/random";
import type { BackboneV1, EngineV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

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
  /** Width of the projector's layers; null for the model's. */
  readonly projector: number | null;
  /** How much of a head's expanded map is held at a time, in bytes. */
  readonly chunkBytes: number | "auto";
}

/** What may differ from a workload's own network. */
export interface ModelChanges {
  readonly backbone?: BackboneV1;
  readonly partition?: Partition;
  /** @default null */
  readonly meters?: MeterOptions | null;
}

/** A workload's network, made, with SGD with momentum; without health meters unless they are asked for. */
export function buildModel(workload: Workload, engine: EngineV1, changes: ModelChanges = {}): Network {
  const optimizer = sgd({ momentum: 0.9, weightDecay: 0 });
  return createNetwork({
    ...describeModel(workload),
    engine,
    optimizer,
    seed: 0,
    meters: null,
    ...changes,
  });
}

/** What a workload's network is: head 1x1 to `dim`, projector of three layers, Barlow Twins. */
export function describeModel(workload: Workload): NetworkOptions {
  const { model, mode, batch, size, projector, chunkBytes } = workload;
  const { backbone, dim, width: modelWidth } = models[model];
  const width = projector ?? modelWidth;
  return {
    backbone: resnet(backbone),
    partition: mode === "blockwise" ? "stages" : "end-to-end",
    head: convolutionExpansion({ dim, chunkBytes }),
    projector: mlpProjector({ widths: [width, width, width] }),
    loss: barlowTwins({ lambda: 0.0051, scale: 1 }),
    imageShape: [size, size, 3],
    batchSize: batch,
    classCount: null,
  };
}

/** Two views of random images, the same in every run. */
export function randomViews({ batch, size }: Workload): readonly tf.Tensor4D[] {
  return [0, 1].map((view) => {
    const pixels = new Float32Array(batch * size * size * 3);
    fillNormal(fold(rootKey(0), "bench", view), pixels);
    return tf.tensor4d(pixels, [batch, size, size, 3]);
  });
}
