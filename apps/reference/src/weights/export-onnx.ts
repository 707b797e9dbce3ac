import { encodeOnnx } from "@blockwise/onnx";
import { writeFileAtomically } from "@blockwise/safetensors";
import { type CutRequest, cutForExport } from "./cut-for-export.js";
import { openTrained } from "./open-trained.js";

/** What to export. */
export interface OnnxRequest extends CutRequest {
  readonly run: string;
  readonly out: string;
  readonly channels: "first" | "last";
}

/**
 * Writes a run's network as an ONNX model: the map after a block, its mean, and what the block's own head makes of it.
 *
 * @throws CheckpointError, InvalidOptionError, StorageError
 */
export async function exportOnnx(
  request: OnnxRequest,
): Promise<{ readonly after: string; readonly outputs: readonly string[] }> {
  const trained = await openTrained(request.run);
  const { input, config } = trained;
  try {
    const { after, blocks: _, ...parts } = cutForExport(trained, request);
    const model = encodeOnnx({
      ...parts,
      channels: request.channels,
      metadata: {
        mean: JSON.stringify(input.mean),
        std: JSON.stringify(input.std),
        imageSize: String(config.data.imageSize),
        after,
      },
    });
    await writeFileAtomically(request.out, model);
    return { after, outputs: ["map", "features", ...(parts.head === null ? [] : ["head"])] };
  } finally {
    trained.network.dispose();
  }
}
