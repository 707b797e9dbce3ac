import { type BackboneUnitV1, type EngineV1, InvalidOptionError, type LayerV1 } from "@blockwise/spec";
import { choose, type NetworkOptions } from "../wiring/block-definition.js";
import { indivisiblePieces, nameBlock } from "../wiring/partition.js";
import { balanceGroups } from "./balance-groups.js";
import { activationSizeOf, countParameters, multiplyAddsOf } from "./layer-cost.js";
import { activationBytesOf, defaultLargestCount } from "./measure-activations.js";

/** A partition that is to be made even. */
export interface BalanceOptions {
  /** How many blocks there shall be: 1 or more, and not more than units that can be a block. */
  readonly blocks: number;
  /**
   * What is to be even: the multiplications of a step (`"compute"`), or the bytes of activations that a block's step
   * holds, measured on the engine (`"memory"`, see `measureActivations`; projectors of more than 2^24 parameters are
   * counted instead).
   */
  readonly balance: "compute" | "memory";
  /** Where memory is measured. */
  readonly engine: EngineV1;
}

/**
 * Cuts a backbone into so many blocks of neighbouring units that the block which costs most costs as little as can be, head
 * and projector included. Of all such partitions it is the most even one. The lists are for `NetworkOptions.partition`.
 *
 * Each block's step is what learns, works and holds memory at a time, so the largest one is what a step needs
 * (`"memory"`), or what the slowest of several machines takes (`"compute"`).
 *
 * @throws InvalidOptionError for more blocks than the backbone has pieces; ShapeMismatchError
 * @example
 * const partition = balancePartition(network, { blocks: 4, balance: "memory", engine });
 */
export function balancePartition(
  options: Omit<NetworkOptions, "partition">,
  { blocks, balance, engine }: BalanceOptions,
): readonly (readonly string[])[] {
  const { backbone, imageShape } = options;
  const pieces = indivisiblePieces(backbone);
  if (!Number.isSafeInteger(blocks) || blocks < 1 || blocks > pieces.length) {
    throw new InvalidOptionError({
      option: "partition.blocks",
      expected: `a whole number from 1 to ${pieces.length}, the number of units that ${backbone.id} can be cut into`,
      received: blocks,
      hint: "Ask for fewer blocks or use a deeper backbone.",
    });
  }
  if (balance !== "compute" && balance !== "memory") {
    throw new InvalidOptionError({
      option: "partition.balance",
      expected: '"compute" or "memory"',
      received: balance,
    });
  }
  const layerCost = balance === "compute" ? multiplyAddsOf : measuredOrCounted(engine, options.batchSize);
  const measured = pieces.map(measurePieces(imageShape, layerCost));
  const endCosts = new Map<object, Map<number, number>>();
  const starts = balanceGroups(pieces.length, blocks, (start, end, index) => {
    const units = pieces.slice(start, end).flat();
    const place = { id: nameBlock(backbone, units), index, count: blocks };
    const head = choose(options.head, place);
    const projector = choose(options.projector, place);
    const own = measured.slice(start, end).reduce((sum, { cost }) => sum + cost, 0);
    const mapShape = measured[end - 1]?.mapShape ?? imageShape;
    const headLayer = head.doCreate({ inputShape: mapShape });
    const featureShape = headLayer.outputShape(mapShape);
    const headCost = remember(endCosts, head, end, () => layerCost(headLayer, mapShape));
    const projectorCost = remember(endCosts, projector, featureShape[0] ?? 0, () =>
      layerCost(projector.doCreate({ inputShape: featureShape }), featureShape),
    );
    return own + headCost + projectorCost;
  });
  return starts.map((start, group) =>
    pieces
      .slice(start, starts[group + 1] ?? pieces.length)
      .flat()
      .map(({ id }) => id),
  );
}

type LayerCost = (layer: LayerV1, inputShape: readonly number[]) => number;

function measuredOrCounted(engine: EngineV1, batchSize: number): LayerCost {
  return (layer, inputShape) =>
    countParameters(layer.parameters) > defaultLargestCount
      ? bytesPerValue * activationSizeOf(layer, inputShape, batchSize)
      : activationBytesOf(layer, inputShape, batchSize, engine);
}

const bytesPerValue = 4;

/** Gives each piece, in order, its cost and the shape of the map behind it. */
function measurePieces(
  imageShape: readonly number[],
  layerCost: LayerCost,
): (units: readonly BackboneUnitV1[]) => { readonly cost: number; readonly mapShape: readonly number[] } {
  let mapShape = imageShape;
  return (units) => {
    let cost = 0;
    for (const { layer } of units) {
      cost += layerCost(layer, mapShape);
      mapShape = layer.outputShape(mapShape);
    }
    return { cost, mapShape };
  };
}

/** Heads and projectors are met in many cuts, and measured once. */
function remember(
  known: Map<object, Map<number, number>>,
  plugin: object,
  place: number,
  measure: () => number,
): number {
  const costs = known.get(plugin) ?? new Map<number, number>();
  known.set(plugin, costs);
  const cost = costs.get(place) ?? measure();
  costs.set(place, cost);
  return cost;
}
