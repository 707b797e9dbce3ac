import type { BackboneUnitV1, LayerV1 } from "@blockwise/spec";
import { type BlockDefinition, defineBlocks, type NetworkOptions } from "../wiring/block-definition.js";
import { activationSizeOf, countParameters, multiplyAddsOf, sizeOfShape } from "./layer-cost.js";

/** The same figure for the parts of a block. */
export interface ByPart {
  /** Of the units. */
  readonly backbone: number;
  /** Of the head. */
  readonly head: number;
  /** Of the projector. */
  readonly projector: number;
}

/** What one block costs. Counted from shapes: no tensor is made. */
export interface BlockCost {
  /** The block's id. */
  readonly id: string;
  /** Ids of its own units and of those that it borrows, in order. */
  readonly units: readonly string[];
  /** Numbers that it keeps and trains; `loss` those that the loss keeps, `borrowed` those of the units that it borrows. */
  readonly parameters: ByPart & { readonly loss: number; readonly borrowed: number };
  /** Multiplications with their additions of one view's forward pass through convolutions and linear maps. */
  readonly multiplyAdds: ByPart;
  /**
   * Floating-point operations of one step: all views of the batch forward, and twice as much backward (for the gradients
   * of the inputs and of the weights), two operations for a multiplication with its addition. The loss, norms, activations,
   * pooling and the update are not counted, and the gradient of the block's first input is, though nobody wants it. A loss
   * that looks at the next block adds that one's forward pass and the gradient of its inputs.
   */
  readonly flopsPerStep: number;
  /**
   * Bytes of float32 activations that are held between forward and backward pass, of all views of the batch; `next` those
   * of the next block, for a loss that looks at it.
   */
  readonly activationBytes: ByPart & { readonly next: number };
  /** Bytes of the block's input and output, of all views of the batch. */
  readonly inputBytes: number;
  /** Bytes of what it hands on. */
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
  const definitions = defineBlocks(options);
  return definitions.map((definition, index) => blockCost(definition, definitions[index + 1]));
}

function blockCost(definition: BlockDefinition, after: BlockDefinition | undefined): BlockCost {
  const { id, units, borrowedCount, inputShape, outputShape, head, projector, site, loss } = definition;
  const samples = site.batchSize * loss.capabilities.views;
  const countOf = (layers: readonly LayerV1[]): number =>
    layers.reduce((sum, { parameters }) => sum + countParameters(parameters), 0);
  const layers = units.map(({ layer }) => layer);
  const parameters = {
    backbone: countOf(layers.slice(borrowedCount)),
    head: countOf([head.layer]),
    projector: countOf([projector.layer]),
  };
  const multiplyAdds = costByPart(definition, multiplyAddsOf);
  const activationSize = (layer: LayerV1, shape: readonly number[]): number =>
    activationSizeOf(layer, shape, site.batchSize);
  const values = costByPart(definition, activationSize);
  const bytes = (valuesOfOne: number): number => valuesOfOne * samples * bytesPerValue;
  const next = loss.capabilities.nextBlock === true ? after : undefined;
  const workOnNext = next === undefined ? 0 : passesThroughNext * total(costByPart(next, multiplyAddsOf));
  return {
    id,
    units: units.map((unit) => unit.id),
    parameters: {
      ...parameters,
      loss: countParameters(definition.parameters) - total(parameters),
      borrowed: countOf(layers.slice(0, borrowedCount)),
    },
    multiplyAdds,
    flopsPerStep: flopsPerMultiplyAdd * samples * (passes * total(multiplyAdds) + workOnNext),
    activationBytes: {
      backbone: bytes(values.backbone),
      head: bytes(values.head),
      projector: bytes(values.projector),
      next: next === undefined ? 0 : bytes(total(costByPart(next, activationSize))),
    },
    inputBytes: bytes(sizeOfShape(inputShape)),
    outputBytes: bytes(sizeOfShape(outputShape)),
  };
}

function costByPart(
  { units, inputShape, head, projector, site }: BlockDefinition,
  cost: (layer: LayerV1, shape: readonly number[]) => number,
): ByPart {
  return {
    backbone: sumOverUnits(units, inputShape, cost),
    head: cost(head.layer, site.mapShape),
    projector: cost(projector.layer, [site.featureDim]),
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
/** Its weights are constants: forward, and backward for its inputs. */
const passesThroughNext = 2;

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
