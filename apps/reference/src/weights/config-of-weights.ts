import { resnetOptionsOf } from "@blockwise/backbone-resnet";
import { InvalidOptionError } from "@blockwise/spec";
import type { RunConfig } from "../config/schema.js";

/** What weights say about the run that they are of, and which of them it has places for. */
export interface WeightsConfig {
  readonly config: Pick<RunConfig, "head" | "network" | "partition" | "projector">;
  readonly channels: 1 | 3;
  readonly hasHeads: boolean;
  readonly hasProjectors: boolean;
}

type Shapes = ReadonlyMap<string, readonly number[]>;

/**
 * The network that weights are of: its backbone, and as many heads and projectors as it has stages, or one of each for a
 * network that learnt end to end. Others are left out: there is no saying which blocks they belong to.
 *
 * @param shapes by the network's own names
 * @throws InvalidOptionError
 */
export function configOfWeights(shapes: Shapes, options: { readonly projectors: boolean }): WeightsConfig {
  const { depth, inputChannels: channels, ...network } = resnetOptionsOf(shapes);
  const stageCount = countOf(shapes, (stage) => `layer${stage + 1}.0.conv1.weight`);
  const headCount = countOf(shapes, (block) => `pool_head.${block}.0.weight`);
  const projectorCount = countOf(shapes, (block) => `projector.${block}.0.weight`);
  const belongs = (count: number): boolean => count === stageCount || count === 1;
  const hasHeads = belongs(headCount);
  const hasProjectors =
    options.projectors && belongs(projectorCount) && (!hasHeads || projectorCount === headCount);
  const blockCount = hasHeads ? headCount : hasProjectors ? projectorCount : stageCount;
  return {
    config: {
      network: {
        depth: typeof depth === "number" ? depth : copied(depth),
        ...network,
        zeroInitResidual: false,
      },
      partition: blockCount === stageCount ? "stages" : "end-to-end",
      head: hasHeads ? headOf(shapes, headCount) : { kind: "global-pool" },
      // What there are no weights of is as small as can be: it is of no use before it is trained.
      projector: hasProjectors ? { widths: widthsOf(shapes, projectorCount) } : { widths: [1] },
    },
    channels,
    hasHeads,
    hasProjectors,
  };
}

function copied<Counts extends { readonly unitCounts: readonly number[] }>(
  depth: Counts,
): Counts & { readonly unitCounts: number[] } {
  return { ...depth, unitCounts: [...depth.unitCounts] };
}

function countOf(shapes: Shapes, nameOf: (index: number) => string): number {
  let count = 0;
  while (shapes.has(nameOf(count))) count += 1;
  return count;
}

function headOf(shapes: Shapes, count: number): RunConfig["head"] {
  const [dim = 0, , kernelSize = 0] = shapes.get("pool_head.0.0.weight") ?? [];
  for (let block = 0; block < count; block++) {
    const [otherDim, , otherSize] = shapes.get(`pool_head.${block}.0.weight`) ?? [];
    if (otherDim === dim && otherSize === kernelSize && (kernelSize === 1 || kernelSize === 3)) continue;
    throw new InvalidOptionError({
      option: "weights",
      expected: "those of heads that are convolutions of 1 or 3 pixels, all equally wide",
      received: shapes.get(`pool_head.${block}.0.weight`),
    });
  }
  return { kind: "convolution-expansion", dim, kernelSize: kernelSize === 3 ? 3 : 1 };
}

function widthsOf(shapes: Shapes, count: number): number[] {
  const widths = (block: number): number[] => {
    const own: number[] = [];
    for (let layer = 0; ; layer += 3) {
      const width = shapes.get(`projector.${block}.${layer}.weight`)?.[0];
      if (width === undefined) return own;
      own.push(width);
    }
  };
  const first = widths(0);
  for (let block = 1; block < count; block++) {
    if (widths(block).join() === first.join()) continue;
    throw new InvalidOptionError({
      option: "weights",
      expected: "those of projectors that are all alike",
      received: widths(block),
    });
  }
  return first;
}
