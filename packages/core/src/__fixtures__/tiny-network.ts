import { resnet } from "@blockwise/backbone-resnet";
import { convolutionExpansion, mlpProjector } from "@blockwise/heads";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { lars } from "@blockwise/optim";
import type { BlockStepV1, EngineV1, LocalLossV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { stepNetwork } from "../trainer/step-network.js";
import type { NetworkOptions } from "../wiring/block-definition.js";
import { createNetwork, type LearningOptions, type Network } from "../wiring/network.js";

export const imageShape = [8, 8, 3] as const;
export const batchSize = 6;

/** What a network of three residual units, 4 to 16 channels wide, is made from. */
export const tinyOptions: NetworkOptions & Omit<LearningOptions, "engine"> = {
  backbone: resnet({ depth: { unit: "basic", unitCounts: [1, 1, 1] }, width: 4, stem: "cifar" }),
  partition: "stages",
  head: convolutionExpansion({ dim: 6 }),
  projector: mlpProjector({ widths: [8, 8] }),
  loss: barlowTwins({ scale: 0.1 }),
  optimizer: lars({ trustCoefficient: 0.02 }),
  imageShape,
  batchSize,
  classCount: null,
  seed: 1,
};

/** A network of `tinyOptions`, changed here and there. */
export function tinyNetwork(
  engine: EngineV1,
  changes: Partial<NetworkOptions & LearningOptions> = {},
): Network {
  return createNetwork({ ...tinyOptions, engine, ...changes });
}

/** Two views of random images, the same for the same step. They belong to the caller. */
export function tinyViews(step: number): tf.Tensor4D[] {
  return [0, 1].map((view) =>
    tf.randomNormal([batchSize, ...imageShape], 0, 1, "float32", 1 + 2 * step + view),
  );
}

/** Trains for the steps `from` to `to - 1` and returns what each block did. */
export function train(network: Network, to: number, from = 0): BlockStepV1[][] {
  const reports: BlockStepV1[][] = [];
  for (let step = from; step < to; step++) {
    const views = tinyViews(step);
    try {
      const request = { views, labels: null, step, stepCount: 100, learningRate: 0.1, seed: 5 };
      reports.push([...stepNetwork(network, request)]);
    } finally {
      tf.dispose(views);
    }
  }
  return reports;
}

/** A loss that is multiplied by what `factor` says for a block and step: NaN makes it break. */
export function scaledLoss(factor: (place: { block: number; step: number }) => number): LocalLossV1 {
  const loss = barlowTwins({ scale: 0.1 });
  return {
    ...loss,
    doCompute: (input) =>
      tf.tidy(() => {
        const { total, terms } = loss.doCompute(input);
        const scale = factor({ block: input.site.blockIndex, step: input.step });
        return { total: tf.mul<tf.Scalar>(total, scale), terms };
      }),
  };
}

/** Copies of all values that a network keeps: `<part>:<name>`. */
export function valuesOf({ learners }: Pick<Network, "learners">): Record<string, Float32Array> {
  return Object.fromEntries(
    learners.flatMap(({ state }) =>
      (["parameters", "buffers", "optimizer"] as const).flatMap((part) =>
        Object.entries(state[part]).map(([name, tensor]) => [
          `${part}:${name}`,
          tensor.dataSync<"float32">().slice(),
        ]),
      ),
    ),
  );
}

/** The names of the values that are not the same, bit for bit. */
export function differences(
  before: Readonly<Record<string, Float32Array>>,
  after: Readonly<Record<string, Float32Array>>,
): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !sameBits(before[name], after[name]));
}

function sameBits(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(
    Buffer.from(b.buffer, b.byteOffset, b.byteLength),
  );
}
