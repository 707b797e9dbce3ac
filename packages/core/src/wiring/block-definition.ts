import {
  type BackboneUnitV1,
  type BackboneV1,
  type BufferSpecV1,
  type HeadV1,
  InvalidOptionError,
  type LayerV1,
  type LocalLossSiteV1,
  type LocalLossV1,
  type ParameterSpecV1,
  type ProjectorV1,
} from "@blockwise/spec";
import { type BlockUnits, type Partition, partitionBackbone } from "./partition.js";
import { requirePlugin } from "./require-plugin.js";

/** Where a block stands: what a per-block choice can depend on. */
export interface BlockPlace {
  /** The block's id: what logs, results and options by block call it. */
  readonly id: string;
  /** From 0. */
  readonly index: number;
  /** How many blocks the network has. */
  readonly count: number;
}

/** One choice for all blocks, or a choice made block by block. */
export type PerBlock<T> = T | ((place: BlockPlace) => T);

/** What the blocks of a network are made from. */
export interface NetworkOptions {
  /** The chain of units that is cut into blocks. */
  readonly backbone: BackboneV1;
  /** Where it is cut. */
  readonly partition: Partition;
  /** What makes features `[batch, featureDim]` of a block's map. */
  readonly head: PerBlock<HeadV1>;
  /** What makes embeddings `[batch, embeddingDim]` of features; used in training alone. */
  readonly projector: PerBlock<ProjectorV1>;
  /** What each block learns from. */
  readonly loss: PerBlock<LocalLossV1>;
  /** `[height, width, channels]` of the images. */
  readonly imageShape: readonly number[];
  /** Images of a step: losses size themselves by it. */
  readonly batchSize: number;
  /** How many classes the labels have; null without labels. */
  readonly classCount: number | null;
}

/** A layer and what stands before its parameters' names in the network. */
export interface NamedLayer {
  /** Empty, or it ends in a full stop. */
  readonly prefix: string;
  /** The layer, whose own names are local. */
  readonly layer: LayerV1;
}

/** One block, wired: its layers, its loss, and the names and shapes of all it keeps. */
export interface BlockDefinition extends BlockPlace, BlockUnits {
  /** `[height, width, channels]` of what it takes, and of what it hands on. */
  readonly inputShape: readonly number[];
  /** `[height, width, channels]` of what it hands on. */
  readonly outputShape: readonly number[];
  /** Makes features of the block's map. */
  readonly head: NamedLayer;
  /** Makes embeddings of features. */
  readonly projector: NamedLayer;
  /** What it learns from. */
  readonly loss: LocalLossV1;
  /** What stands before the names of the loss's own parameters and buffers: `"loss.<index>."`. */
  readonly lossPrefix: string;
  /** What the loss was told of the block. */
  readonly site: LocalLossSiteV1;
  /** Those of the units it borrows, which the block before keeps and updates; by full name. */
  readonly borrowedParameters: readonly ParameterSpecV1[];
  /** What it keeps and updates: all but those of the units it borrows; by full name. */
  readonly parameters: readonly ParameterSpecV1[];
  /** By full name. */
  readonly buffers: readonly BufferSpecV1[];
}

/**
 * Wires a network: cuts the backbone and gives each block its head, projector and loss. Plugins, shapes and needs are
 * checked here, before step 0.
 *
 * Parameters are named as in the authors' code: the backbone's as in torchvision, then `pool_head.<block>.`,
 * `projector.<block>.` and `loss.<block>.`.
 *
 * @throws IncompatibleSpecVersionError, InvalidOptionError, ShapeMismatchError
 */
export function defineBlocks(options: NetworkOptions): readonly BlockDefinition[] {
  requirePlugin(options.backbone, "backbone");
  const blocks = partitionBackbone(options.backbone, options.partition);
  let inputShape = options.imageShape;
  const sited = blocks.map((block, index) => {
    const { units, lentCount } = block;
    const shapes = shapesAlong(units, inputShape);
    const outputShape = shapes[units.length - lentCount - 1] ?? inputShape;
    const place = { ...block, index, count: blocks.length, inputShape, outputShape };
    inputShape = outputShape;
    return siteBlock(place, shapes.at(-1) ?? outputShape, options);
  });
  const definitions = sited.map((block, index) => defineBlock(block, sited[index + 1]?.site ?? null));
  requireUniqueNames(definitions, options.backbone);
  return definitions;
}

function requireUniqueNames(definitions: readonly BlockDefinition[], backbone: BackboneV1): void {
  const taken = new Set<string>();
  for (const { name } of definitions.flatMap(({ parameters, buffers }) => [...parameters, ...buffers])) {
    if (taken.has(name)) {
      throw new InvalidOptionError({
        option: "backbone",
        expected: `one whose units, with its heads and losses, give each tensor a name of its own, not "${name}" twice`,
        received: backbone.id,
      });
    }
    taken.add(name);
  }
}

/** The shape behind each unit. */
function shapesAlong(
  units: readonly BackboneUnitV1[],
  inputShape: readonly number[],
): readonly (readonly number[])[] {
  let shape = inputShape;
  return units.map(({ layer }) => {
    shape = layer.outputShape(shape);
    return shape;
  });
}

type SitedBlock = Omit<BlockDefinition, "borrowedParameters" | "buffers" | "lossPrefix" | "parameters">;

/** A block with its site, which does not know of the next one yet. */
function siteBlock(
  block: BlockPlace & BlockUnits & Pick<BlockDefinition, "inputShape" | "outputShape">,
  mapShape: readonly number[],
  options: NetworkOptions,
): SitedBlock {
  const { id, index, count } = block;
  const place = { id, index, count };
  const headPlugin = choose(options.head, place);
  const projectorPlugin = choose(options.projector, place);
  const loss = choose(options.loss, place);
  requirePlugin(headPlugin, "head");
  requirePlugin(projectorPlugin, "projector");
  requirePlugin(loss, "local-loss");

  const head = { prefix: `pool_head.${index}.`, layer: headPlugin.doCreate({ inputShape: mapShape }) };
  const featureShape = head.layer.outputShape(mapShape);
  const projector = {
    prefix: `projector.${index}.`,
    layer: projectorPlugin.doCreate({ inputShape: featureShape }),
  };
  const site = {
    blockIndex: index,
    blockCount: count,
    mapShape,
    featureDim: featureShape[0] ?? 0,
    embeddingDim: projector.layer.outputShape(featureShape)[0] ?? 0,
    batchSize: options.batchSize,
    classCount: options.classCount,
    next: null,
  };
  requireLossFits(loss, site);
  return { ...block, head, projector, loss, site };
}

function defineBlock(sited: SitedBlock, next: LocalLossSiteV1 | null): BlockDefinition {
  const { index, units, borrowedCount, head, projector, loss } = sited;
  const site = { ...sited.site, next };
  const lossPrefix = `loss.${index}.`;
  const unitLayers = units.map(({ parameterPrefix, layer }) => ({ prefix: parameterPrefix, layer }));
  const layers: NamedLayer[] = [...unitLayers.slice(borrowedCount), head, projector];
  const lossState = loss.doInit(site);
  return {
    ...sited,
    site,
    lossPrefix,
    borrowedParameters: unitLayers
      .slice(0, borrowedCount)
      .flatMap(({ prefix, layer }) => withPrefix(prefix, layer.parameters)),
    parameters: [
      ...layers.flatMap(({ prefix, layer }) => withPrefix(prefix, layer.parameters)),
      ...withPrefix(lossPrefix, lossState.parameters),
    ],
    buffers: [
      ...layers.flatMap(({ prefix, layer }) => withPrefix(prefix, layer.buffers)),
      ...withPrefix(lossPrefix, lossState.buffers),
    ],
  };
}

/** What a per-block choice comes to for one block. */
export function choose<T>(choice: PerBlock<T>, place: BlockPlace): T {
  return typeof choice === "function" ? (choice as (place: BlockPlace) => T)(place) : choice;
}

/** The same specs under their full names. */
export function withPrefix<Spec extends { readonly name: string }>(
  prefix: string,
  specs: readonly Spec[],
): readonly Spec[] {
  return specs.map((spec) => ({ ...spec, name: prefix + spec.name }));
}

function requireLossFits(loss: LocalLossV1, site: LocalLossSiteV1): void {
  const { batchSize } = site;
  if (!Number.isSafeInteger(batchSize) || batchSize < loss.capabilities.minimumBatchSize) {
    throw new InvalidOptionError({
      option: "batchSize",
      expected: `a whole number of at least ${loss.capabilities.minimumBatchSize} for the loss "${loss.id}"`,
      received: batchSize,
    });
  }
  if (loss.capabilities.labels && site.classCount === null) {
    throw new InvalidOptionError({
      option: "loss",
      expected: "a loss without labels for unlabelled images",
      received: loss.id,
      hint: "Use class folders, or a self-supervised loss.",
    });
  }
}
