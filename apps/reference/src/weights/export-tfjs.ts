import { graphModel, modelFiles } from "@blockwise/tfjs";
import { type CutRequest, cutForExport } from "./cut-for-export.js";
import { openTrained, type TrainedRun } from "./open-trained.js";
import { writeModelFolder } from "./write-model-folder.js";

/** What of a run's network to export, and with which outputs. */
export interface TfjsCut extends CutRequest {
  /** Whether every block has outputs of its own, or only the last. */
  readonly allBlocks: boolean;
}

/** What to export. */
export interface TfjsRequest extends TfjsCut {
  readonly run: string;
  /** A folder, which is made where it is not there. */
  readonly out: string;
}

/** What was written. */
export interface WrittenTfjsModel {
  readonly after: string;
  readonly outputs: readonly string[];
  /** Names of files in the folder. */
  readonly files: readonly string[];
  readonly bytes: number;
}

/**
 * Writes a run's network as a TensorFlow.js graph model: a folder with `model.json` and the weights.
 *
 * @throws CheckpointError, InvalidOptionError, StorageError
 */
export async function exportTfjs(request: TfjsRequest): Promise<WrittenTfjsModel> {
  const trained = await openTrained(request.run);
  try {
    return await writeTfjsModel(trained, request, request.out);
  } finally {
    trained.network.dispose();
  }
}

/** The same of a run that is open. */
export async function writeTfjsModel(
  trained: TrainedRun,
  request: TfjsCut,
  out: string,
): Promise<WrittenTfjsModel> {
  const { input, config } = trained;
  const { after, blocks, ...parts } = cutForExport(trained, request);
  const model = graphModel({
    ...parts,
    depths: request.allBlocks ? blocks : [],
    metadata: {
      after,
      blocks: blocks.map(({ name }) => name),
      imageSize: config.data.imageSize,
      channels: input.channels,
      normalization: "(value / 255 - mean) / std",
      mean: input.mean,
      std: input.std,
    },
  });
  const files = modelFiles(model);
  await writeModelFolder(out, files);
  return {
    after,
    outputs: Object.keys(model.signature.outputs),
    files: [...files.keys()],
    bytes: [...files.values()].reduce((sum, { byteLength }) => sum + byteLength, 0),
  };
}
