import type { BlockCost, ByPart } from "@blockwise/core";

/** Seconds of one step of each block, from what it counts and how fast the engine is at each of its parts. */
export function estimateSeconds(costs: readonly BlockCost[], speeds: readonly ByPart[]): readonly number[] {
  return costs.map(({ multiplyAdds, flopsPerStep }, index) => {
    const { backbone, head, projector } = multiplyAdds;
    const speed = speeds[index] ?? { backbone: Number.NaN, head: Number.NaN, projector: Number.NaN };
    // The step's operations, the next block's too where a loss looks at it, in the proportion of the parts.
    const perMultiplyAdd = flopsPerStep / (backbone + head + projector);
    return perMultiplyAdd * (backbone / speed.backbone + head / speed.head + projector / speed.projector);
  });
}
