import { createFeatureProbe, extractFeatures } from "@blockwise/core";
import { openDataset } from "@blockwise/data";
import { createEngine } from "@blockwise/engine";
import { type WrittenFeatures, writeFeatures as writeFeatureFile } from "@blockwise/feature-files";
import { DataSourceError, type DataSourceV1, InvalidOptionError } from "@blockwise/spec";
import { readResolvedConfig } from "../config/load-config.js";
import { readInputRecord } from "./input-record.js";
import { type DataLocations, decodeSizeOf, downloadOptions } from "./open-data.js";
import { openNetwork } from "./open-network.js";
import { createPlugins } from "./plugins.js";
import { runFolder } from "./run-folder.js";

/** Whose features to write, of which images, and where. */
export interface FeatureRequest {
  /** A run's folder. */
  readonly run: string;
  readonly images: string;
  readonly out: string;
  readonly split: "train" | "test";
  readonly onCorrupt: "error" | "skip";
  /** Null for all. */
  readonly block: string | null;
  /** Pooled, by the head, or both; null for what suits the format. */
  readonly features: "raw" | "head" | "both" | null;
  readonly locations: DataLocations;
}

/**
 * Writes the features of images, in the format that the file's name ends in. Rows come in the source's order.
 *
 * @throws CheckpointError, DataSourceError, InvalidOptionError, StorageError
 */
export async function writeFeatures(
  request: FeatureRequest,
  note: (message: string) => void,
): Promise<WrittenFeatures> {
  const config = await readResolvedConfig(runFolder(request.run).config);
  const input = await readInputRecord(request.run);
  const engine = await createEngine({ name: config.engine });
  note(`engine: ${engine.description}`);
  const plugins = await createPlugins(config, input);
  const source = await openImages(request, {
    decodeSize: decodeSizeOf(config.data.imageSize),
    channels: input.channels,
  });
  note(`data: ${source.description}`);
  const network = await openNetwork({ config, engine, data: input, plugins }, request.run);
  const probe = createFeatureProbe({ network, head: plugins.head, seed: config.seed });
  requireBlock(
    probe.depths.map(({ id }) => id),
    request.block,
  );
  const depths = await extractFeatures({ probe, source, augmentation: plugins.evaluationView });
  probe.dispose();
  network.dispose();
  const indices = depths[0]?.indices ?? new Uint32Array();
  const { run, images, split, block, features } = request;
  return writeFeatureFile(request.out, {
    depths,
    source,
    block,
    features,
    metadata: {
      images,
      run,
      split,
      skipped: JSON.stringify(source.options.skipped ?? (await namesOfBroken(source, indices))),
    },
  });
}

async function openImages(
  { images, split, onCorrupt, locations }: FeatureRequest,
  options: { readonly decodeSize: number; readonly channels: 1 | 3 },
): Promise<DataSourceV1> {
  const dataset = await openDataset(images, {
    ...downloadOptions(locations),
    digitsFrom: import.meta.url,
    images: {
      ...options,
      onCorrupt,
      maxBrokenShare: 1,
      storage: "auto",
      labels: "auto",
      allowEmptyClasses: true,
    },
  });
  const source = dataset[split];
  if (source !== null) return source;
  throw new InvalidOptionError({
    option: "split",
    expected: `"train", since "${images}" has no test split`,
    received: split,
  });
}

/** The images of a stream that have no row. */
async function namesOfBroken(source: DataSourceV1, indices: Uint32Array): Promise<readonly string[]> {
  const whole = new Set(indices);
  const names: string[] = [];
  for (let index = 0; index < source.size; index++) {
    if (whole.has(index)) continue;
    const error = await source.image(index).catch((thrown: unknown) => thrown);
    if (DataSourceError.isInstance(error) && "source" in error) names.push(String(error.source));
  }
  return names;
}

/** Before the images are read, which takes a while. */
function requireBlock(ids: readonly string[], block: string | null): void {
  if (block === null || ids.includes(block)) return;
  throw new InvalidOptionError({ option: "block", expected: `one of ${ids.join(", ")}`, received: block });
}
