import type { BackboneUnitV1, LayerV1 } from "@blockwise/spec";
import { type BlockDefinition, defineBlocks, type NetworkOptions } from "../wiring/block-definition.js";
import { activationSizeOf, countParameters, multiplyAddsOf } from "./layer-cost.js";

/** The same figure for the parts of a block. */
export interface ByPart {
  readonly backbone: number;
  readonly head: number;
  readonly projector: number;
}

/** What one block costs. Counted from shapes: no tensor is made. */
export interface BlockCost {
  readonly id: string;
  readonly units: readonly string[];
  /** Numbers that it keeps and trains, without those of units that it borrows; `loss` those that the loss keeps. */
  readonly parameters: ByPart & { readonly loss: number };
  /** Multiplications with their additions of one view's forward pass through convolutions and linear maps. */
  readonly multiplyAdds: ByPart;
  /**
   * Floating-point operations of one step: all views of the batch forward, and twice as much backward (for the gradients
   * of the inputs and of the weights), two operations for a multiplication with its addition. The loss, norms, activations,
   * pooling and the update are not counted, and the gradient of the block's first input is, though nobody wants it.
   */
  readonly flopsPerStep: number;
  /** Bytes of float32 activations that are held between forward and backward pass, of all views of the batch. */
  readonly activationBytes: ByPart;
  /** Bytes of the block's input and output, of all views of the batch. */
  readonly inputBytes: number;
  readonly outputBytes: number;
}

/**
 * What each block of a network costs. Nothing is allocated: a network of any size can be described.
 *
 * @throws as `defineBlocks`.
 * @example
 * const costs = describeCosts({ backbone, partition: "stages", head, projector, loss, imageShape: [224, 224, 3],
 *   batchSize: 256, classCount: null });
 */
export function describeCosts(options: NetworkOptions): readonly BlockCost[] {
  return defineBlocks(options).map(blockCost);
}

function blockCost(definition: BlockDefinition): BlockCost {
  const { id, units, borrowedCount, inputShape, outputShape, head, projector, site, loss } = definition;
  const { mapShape, batchSize } = site;
  const samples = batchSize * loss.capabilities.views;
  const byPart = (cost: (layer: LayerV1, shape: readonly number[]) => number): ByPart => ({
    backbone: sumOverUnits(units, inputShape, cost),
    head: cost(head.layer, mapShape),
    projector: cost(projector.layer, [site.featureDim]),
  });
  const count = ({ parameters }: LayerV1): number => countParameters(parameters);
  const parameters = {
    ...byPart(count),
    backbone: units.slice(borrowedCount).reduce((sum, { layer }) => sum + count(layer), 0),
  };
  const multiplyAdds = byPart(multiplyAddsOf);
  const values = byPart(activationSizeOf);
  const bytes = (valuesOfOne: number): number => valuesOfOne * samples * bytesPerValue;
  return {
    id,
    units: units.map((unit) => unit.id),
    parameters: { ...parameters, loss: countParameters(definition.parameters) - total(parameters) },
    multiplyAdds,
    flopsPerStep: flopsPerMultiplyAdd * passes * samples * total(multiplyAdds),
    activationBytes: {
      backbone: bytes(values.backbone),
      head: bytes(values.head),
      projector: bytes(values.projector),
    },
    inputBytes: bytes(inputShape.reduce((product, size) => product * size, 1)),
    outputBytes: bytes(outputShape.reduce((product, size) => product * size, 1)),
  };
}

/** The sum over a block's parts. */
export function total({ backbone, head, projector }: ByPart): number {
  return backbone + head + projector;
}

const bytesPerValue = 4;
const flopsPerMultiplyAdd = 2;
/** Forward, and backward for inputs and for weights. */
const passes = 3;

function sumOverUnits(
  units: readonly BackboneUnitV1[],
  inputShape: readonly number[],
  cost: (layer: LayerV1, shape: readonly number[]) => number,
): number {
  let shape = inputShape;
  let sum = 0;
  for (const { layer } of units) {
    sum += cost(layer, shape);
    shape = layer.outputShape(shape);
  }
  return sum;
}
