import type { EngineV1, LayerV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { gradientsOf } from "../learner/gradients-of.js";
import { layerContext } from "../learner/layer-context.js";
import { defineBlocks, type NetworkOptions } from "../wiring/block-definition.js";
import type { ByPart } from "./describe-costs.js";
import { activationSizeOf, countParameters } from "./layer-cost.js";

/** How activations are measured. */
export interface MeasureOptions {
  /** Where the layers are run. */
  readonly engine: EngineV1;
  /** Layers with more parameters than this are not run, and come out as null. @default 2^24, 64 MiB */
  readonly largestParameterCount?: number;
}

/** Measured bytes by part of a block; null where a part has too many parameters to be run for that. */
export type MeasuredActivations = { readonly [Part in keyof ByPart]: number | null };

/**
 * The bytes of activations that one step of each block holds, measured: every unit, head and projector is run once by
 * itself, forward under a gradient tape, at 2 and at 4 images, and what the tape keeps for the backward pass, by image, is
 * multiplied by the images of the batch and the views. The block's input, weights and running statistics are left out.
 *
 * `describeCosts` counts the same from shapes; what is measured is what this engine's operations really keep.
 *
 * @throws as `defineBlocks`.
 */
export function measureActivations(
  options: NetworkOptions,
  { engine, largestParameterCount = defaultLargestCount }: MeasureOptions,
): readonly MeasuredActivations[] {
  return defineBlocks(options).map(({ units, inputShape, head, projector, site, loss }) => {
    const samples = site.batchSize * loss.capabilities.views;
    const measure = (layer: LayerV1, inputShape: readonly number[]): number | null =>
      countParameters(layer.parameters) > largestParameterCount
        ? null
        : samples * activationBytesOf(layer, inputShape, site.batchSize, engine);
    let shape = inputShape;
    let backbone: number | null = 0;
    for (const { layer } of units) {
      const bytes = measure(layer, shape);
      backbone = backbone === null || bytes === null ? null : backbone + bytes;
      shape = layer.outputShape(shape);
    }
    return {
      backbone,
      head: measure(head.layer, site.mapShape),
      projector: measure(projector.layer, [site.featureDim]),
    };
  });
}

/** A layer that holds less of a large batch is not run at that size: it says how much less. */
function shareAt(batchSize: number, layer: LayerV1, inputShape: readonly number[]): number {
  const few = activationSizeOf(layer, inputShape);
  return few === 0 ? 1 : activationSizeOf(layer, inputShape, batchSize) / few;
}

/** 64 MiB of weights: a projector of the paper's has nine times as many. */
export const defaultLargestCount: number = 2 ** 24;

/**
 * The bytes that a layer's forward pass holds for the backward pass, for one sample of a batch: the difference between 4 and
 * 2 samples, so that what does not grow with the batch drops out, times what the layer holds less of a batch of that size.
 */
export function activationBytesOf(
  layer: LayerV1,
  inputShape: readonly number[],
  batchSize: number,
  engine: EngineV1,
): number {
  const [few, many] = sampleCounts;
  const held = (samples: number): number => heldBytes(layer, inputShape, engine, samples);
  return (shareAt(batchSize, layer, inputShape) * (held(many) - held(few))) / (many - few);
}

/** Batch norm needs two values a channel even where maps have shrunk to one place. */
const sampleCounts = [2, 4] as const;

function heldBytes(
  layer: LayerV1,
  inputShape: readonly number[],
  { operations }: EngineV1,
  samples: number,
): number {
  let held = Number.NaN;
  tf.tidy(() => {
    // Values do not matter to how many there are.
    const zeros = (specs: readonly { readonly name: string; readonly shape: readonly number[] }[]) =>
      Object.fromEntries(specs.map(({ name, shape }) => [name, tf.zeros([...shape])]));
    const parameters = zeros(layer.parameters);
    const updatedBuffers = new Map<string, tf.Tensor>();
    const state = { parameters, buffers: zeros(layer.buffers), updatedBuffers };
    const input = tf.zeros([samples, ...inputShape]);
    const given = [input, ...Object.values(parameters)];
    try {
      gradientsOf(() => {
        const output = layer.apply(input, layerContext("", state, { training: true, operations }));
        held = bytesOnTape(given, output);
        // Depends on nothing, so that no backward pass is made.
        return tf.scalar(0);
      }, given);
    } finally {
      tf.dispose([...updatedBuffers.values()]);
    }
  });
  return held;
}

/** Bytes of what the tape has saved and of the output, each buffer once, without those that were given. */
function bytesOnTape(given: readonly tf.Tensor[], output: tf.Tensor): number {
  const counted = new Set<object>(given.map(({ dataId }) => dataId));
  const saved = (tf.engine().state.activeTape ?? []).flatMap(({ saved = [] }) => saved);
  let bytes = 0;
  for (const tensor of [...saved, output]) {
    if (counted.has(tensor.dataId)) continue;
    counted.add(tensor.dataId);
    bytes += tensor.size * tf.util.bytesPerElement(tensor.dtype);
  }
  return bytes;
}
