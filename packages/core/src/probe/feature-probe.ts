import { fold, rootKey } from "@blockwise/random";
import type { BackboneUnitV1, BufferSpecV1, HeadV1, OperationsV1, ParameterSpecV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { initialTensor } from "../learner/initialize.js";
import { type ContextState, layerContext } from "../learner/layer-context.js";
import {
  type BlockDefinition,
  choose,
  type NamedLayer,
  type PerBlock,
  withPrefix,
} from "../wiring/block-definition.js";
import type { Network } from "../wiring/network.js";
import { type Partition, partitionBackbone } from "../wiring/partition.js";
import { requirePlugin } from "../wiring/require-plugin.js";

/** Where and with what a network's features are read. */
export interface FeatureProbeOptions {
  /** The network to read; borrowed. */
  readonly network: Network;
  /** Features are read after each of these blocks, whatever the network's own partition. @default "stages" */
  readonly depths?: Partition;
  /**
   * For depths at which the network has no head of its own: a fresh, untrained one. A choice by block is asked for the
   * block of the network that the depth lies in.
   */
  readonly head: PerBlock<HeadV1>;
  /** Keys the fresh heads. */
  readonly seed: number;
  /** What fresh heads start from, by full name, `"probe_head.<depth>.…"`. @default random, keyed by the seed */
  readonly initialize?: (spec: ParameterSpecV1 | BufferSpecV1) => tf.Tensor;
}

/** The features of a batch at one depth; both belong to the caller. */
export interface DepthFeatures {
  /** The block's output, averaged over height and width: `[batch, channels]`. */
  readonly raw: tf.Tensor2D;
  /** The head's output: `[batch, dim]`. */
  readonly head: tf.Tensor2D;
}

/** A depth at which features are read. */
export interface ProbeDepth {
  /** The id of the block of `depths` whose output it is: `"layer1"`. */
  readonly id: string;
  /** Whether its head was trained with the network, or is fresh. */
  readonly trainedHead: boolean;
}

/** Reads a network's features at several depths, in evaluation mode. The network must outlive it. */
export interface FeatureProbe {
  /** Where it reads, from the first block to the last. */
  readonly depths: readonly ProbeDepth[];
  /**
   * Moves the running statistics of layers that were never trained towards those of `images` (`[batch, height, width,
   * channels]`, borrowed): of fresh heads, or of all layers for a network left at its random weights. Without it such
   * layers would normalise by statistics that belong to no data, which makes a control look worse than it is.
   */
  calibrate(images: tf.Tensor, layers: "all" | "fresh-heads"): void;
  /** Features of `images` (borrowed), one entry a depth. */
  features(images: tf.Tensor): readonly DepthFeatures[];
  /** Frees the fresh heads and the running statistics that were calibrated. */
  dispose(): void;
}

interface Depth extends ProbeDepth {
  readonly units: readonly BackboneUnitV1[];
  readonly head: NamedLayer;
}

/** @throws IncompatibleSpecVersionError, InvalidOptionError, ShapeMismatchError */
export function createFeatureProbe(options: FeatureProbeOptions): FeatureProbe {
  const { network } = options;
  const depths = wireDepths(options);
  const key = fold(rootKey(options.seed), "probe");
  const { initialize = (spec) => initialTensor(key, spec) } = options;
  const fresh = depths.filter(({ trainedHead }) => !trainedHead).map(({ head }) => head);
  const freshParameters = Object.fromEntries(
    fresh
      .flatMap(({ prefix, layer }) => withPrefix(prefix, layer.parameters))
      .map((spec) => [spec.name, initialize(spec)]),
  );
  const freshBuffers = Object.fromEntries(
    fresh
      .flatMap(({ prefix, layer }) => withPrefix(prefix, layer.buffers))
      .map((spec) => [spec.name, initialize(spec)]),
  );
  const updatedBuffers = new Map<string, tf.Tensor>();
  const state = (): ContextState => {
    const { parameters, buffers } = network.tensors();
    return {
      parameters: { ...parameters, ...freshParameters },
      buffers: { ...buffers, ...freshBuffers },
      updatedBuffers,
    };
  };
  const { operations } = network.engine;
  return {
    depths: depths.map(({ id, trainedHead }) => ({ id, trainedHead })),
    calibrate: (images, layers) => {
      tf.tidy(() => {
        readDepths(depths, images, state(), operations, (depth) => ({
          units: layers === "all",
          head: layers === "all" || !depth.trainedHead,
        }));
      });
    },
    features: (images) => {
      const evaluation = () => ({ units: false, head: false });
      const tidied: tf.TensorContainer = tf.tidy(
        () => readDepths(depths, images, state(), operations, evaluation) as unknown as tf.TensorContainer,
      );
      return tidied as unknown as readonly DepthFeatures[];
    },
    dispose: () => tf.dispose([freshParameters, freshBuffers, ...updatedBuffers.values()]),
  };
}

function wireDepths({ network, depths = "stages", head }: FeatureProbeOptions): readonly Depth[] {
  const { backbone, imageShape } = network.options;
  const blocks = partitionBackbone(backbone, depths);
  let mapShape = imageShape;
  const definitions = network.learners.map(({ definition }) => definition);
  return blocks.map((block, index) => {
    const { id } = block;
    // The depth before has run the units that the two share.
    const units = block.units.slice(block.borrowedCount);
    mapShape = units.reduce((shape, unit) => unit.layer.outputShape(shape), mapShape);
    const last = units.at(-1) as BackboneUnitV1;
    const own = definitions.find((definition) => definition.units.at(-1) === last);
    if (own !== undefined) return { id, units, head: own.head, trainedHead: true };
    const around = definitions.find((definition) => definition.units.includes(last)) as BlockDefinition;
    const plugin = choose(head, { id: around.id, index: around.index, count: around.count });
    requirePlugin(plugin, "head");
    const layer = plugin.doCreate({ inputShape: mapShape });
    return { id, units, head: { prefix: `probe_head.${index}.`, layer }, trainedHead: false };
  });
}

function readDepths(
  depths: readonly Depth[],
  images: tf.Tensor,
  state: ContextState,
  operations: OperationsV1,
  training: (depth: Depth) => { readonly units: boolean; readonly head: boolean },
): DepthFeatures[] {
  let map = images;
  return depths.map((depth) => {
    const mode = training(depth);
    const below = map;
    map = tf.tidy(() =>
      depth.units.reduce(
        (value, { parameterPrefix, layer }) =>
          layer.apply(value, layerContext(parameterPrefix, state, { training: mode.units, operations })),
        tf.clone(below),
      ),
    );
    if (below !== images) below.dispose();
    const context = layerContext(depth.head.prefix, state, { training: mode.head, operations });
    return {
      raw: tf.mean(map, [1, 2]) as tf.Tensor2D,
      head: tf.tidy(() => depth.head.layer.apply(map, context)) as tf.Tensor2D,
    };
  });
}
