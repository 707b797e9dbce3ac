import { exportWeights, type NamedLayer, partitionBackbone } from "@blockwise/core";
import { InvalidOptionError, type LayerV1 } from "@blockwise/spec";
import type { TrainedRun } from "./open-trained.js";

/** Where to cut, and what of the last block to take. */
export interface CutRequest {
  /** The block, stage or unit that the network is cut after; null for the whole. */
  readonly after: string | null;
  /** Whether to take the head of a block that the cut ends; `"auto"` does where it can be exported. */
  readonly head: "auto" | "with" | "without";
}

interface ExportedLayer {
  readonly id: string;
  readonly prefix: string;
  readonly layer: LayerV1;
}

/** The end of a block in a cut network. */
export interface ExportedDepth {
  readonly name: string;
  /** The id of its last unit. */
  readonly after: string;
  readonly head: ExportedLayer | null;
}

/** A network's part up to a cut, as exporters want it. */
export interface CutForExport {
  readonly after: string;
  readonly units: readonly ExportedLayer[];
  readonly head: ExportedLayer | null;
  /** All blocks that end before the cut or with it. */
  readonly blocks: readonly ExportedDepth[];
  readonly tensors: ReturnType<typeof exportWeights>;
  /** `[height, width, channels]` */
  readonly imageShape: readonly number[];
}

/** Cuts a run's network for export. @throws InvalidOptionError where there is no such block, or not the head asked for */
export function cutForExport(
  { network, plugins, input, config }: TrainedRun,
  request: CutRequest,
): CutForExport {
  const { units, stages } = plugins.backbone;
  const blocks = network.learners.map(({ definition }) => definition);
  const ends = new Map([
    ...units.map(({ id }) => [id, id] as const),
    ...partitionBackbone(plugins.backbone, "stages").map(
      (stage) => [stage.id, stage.units.at(-1)?.id ?? ""] as const,
    ),
    ...blocks.map((block) => [block.id, block.units.at(-1)?.id ?? ""] as const),
  ]);
  const after = request.after ?? stages.at(-1)?.id ?? "";
  const end = ends.get(after);
  if (end === undefined) {
    throw new InvalidOptionError({
      option: "block",
      expected: `one of ${[...ends.keys()].join(", ")}`,
      received: after,
    });
  }
  const kept = units.slice(0, units.findIndex(({ id }) => id === end) + 1);
  const depths = blocks.flatMap((block): ExportedDepth[] => {
    const last = block.units.at(-1)?.id ?? "";
    if (!kept.some(({ id }) => id === last)) return [];
    return [{ name: block.id, after: last, head: chosenHead(block, request.head) }];
  });
  const head = depths.find((depth) => depth.after === end)?.head ?? null;
  if (request.head === "with" && head === null)
    requireHead(
      after,
      blocks.some((block) => block.units.at(-1)?.id === end),
    );
  const { imageSize } = config.data;
  return {
    after,
    units: kept.map(({ id, parameterPrefix: prefix, layer }) => ({ id, prefix, layer })),
    head,
    blocks: depths,
    tensors: exportWeights(network),
    imageShape: [imageSize, imageSize, input.channels],
  };
}

function chosenHead(
  { id, head }: { readonly id: string; readonly head: NamedLayer },
  choice: CutRequest["head"],
): ExportedLayer | null {
  return choice === "without" || head.layer.describe === undefined ? null : { id: `${id}.head`, ...head };
}

function requireHead(after: string, isBlock: boolean): never {
  throw new InvalidOptionError({
    option: "head",
    expected: isBlock
      ? "left out, since the block's head does not describe what it computes (LayerV1.describe)"
      : "left out, since no block, and so no head, ends there",
    received: after,
  });
}
