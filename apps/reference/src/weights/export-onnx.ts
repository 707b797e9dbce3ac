import { exportWeights, partitionBackbone } from "@blockwise/core";
import { encodeOnnx } from "@blockwise/onnx";
import { writeFileAtomically } from "@blockwise/safetensors";
import { InvalidOptionError } from "@blockwise/spec";
import { openTrained } from "./open-trained.js";

/** What to export. */
export interface OnnxRequest {
  readonly run: string;
  readonly out: string;
  /** The block, stage or unit that the network is cut after; null for the whole. */
  readonly after: string | null;
  readonly channels: "first" | "last";
}

/**
 * Writes a run's network as an ONNX model: the map after a block, its mean, and what the block's own head makes of it,
 * where there is one that describes itself.
 *
 * @throws CheckpointError, InvalidOptionError, StorageError
 */
export async function exportOnnx(
  request: OnnxRequest,
): Promise<{ readonly after: string; readonly outputs: readonly string[] }> {
  const { network, plugins, input, config } = await openTrained(request.run);
  try {
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
    const block = blocks.find((one) => one.units.at(-1)?.id === end);
    const head = block?.head.layer.describe === undefined ? null : { id: "head", ...block.head };
    const { imageSize } = config.data;
    const model = encodeOnnx({
      units: kept.map(({ id, parameterPrefix: prefix, layer }) => ({ id, prefix, layer })),
      head,
      tensors: exportWeights(network),
      imageShape: [imageSize, imageSize, input.channels],
      channels: request.channels,
      metadata: {
        mean: JSON.stringify(input.mean),
        std: JSON.stringify(input.std),
        imageSize: String(imageSize),
        after,
      },
    });
    await writeFileAtomically(request.out, model);
    return { after, outputs: ["map", "features", ...(head === null ? [] : ["head"])] };
  } finally {
    network.dispose();
  }
}
