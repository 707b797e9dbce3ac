import type { LayerV1 } from "@blockwise/spec";

/** What a chain of layers costs: the two costs that a layer made of others states. */
export interface ChainCost {
  /** Multiplications, each with its addition, of one sample of that shape. */
  readonly multiplyAdds: (inputShape: readonly number[]) => number;
  /** Numbers that are held for the backward pass of one sample of that shape. */
  readonly activationSize: (inputShape: readonly number[]) => number;
}

/**
 * Sums what layers cost that come one after the other, for a layer that is made of them. The layers must state their own
 * costs, as those of this package do: one that does not counts nothing.
 */
export function chainCost(layers: readonly LayerV1[]): ChainCost {
  const sum = (
    cost: (layer: LayerV1, inputShape: readonly number[]) => number,
    inputShape: readonly number[],
  ): number => {
    let shape = inputShape;
    let total = 0;
    for (const layer of layers) {
      total += cost(layer, shape);
      shape = layer.outputShape(shape);
    }
    return total;
  };
  return {
    multiplyAdds: (inputShape) => sum((layer, shape) => layer.multiplyAdds?.(shape) ?? 0, inputShape),
    activationSize: (inputShape) => sum((layer, shape) => layer.activationSize?.(shape) ?? 0, inputShape),
  };
}
