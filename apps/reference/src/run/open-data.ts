import {
  type DownloadProgress,
  type ImageOptions,
  type OpenDatasetOptions,
  type OpenedDataset,
  openDataset,
  subset,
} from "@blockwise/data";
import { DataSourceError, type DataSourceV1, InvalidOptionError } from "@blockwise/spec";
import type { ImageResolvedConfig, RunConfig } from "../config/schema.js";
import { type InputStatistics, inputStatisticsOf } from "./input-statistics.js";
import { openPackageSource } from "./plugins/data-source.js";

/** Where data sets are looked for, which changes nothing about a run. */
export interface DataLocations {
  readonly mirror: string | null;
  readonly cache: string | null;
  readonly offline: boolean;
}

/** The images of a run, and its configuration with nothing left to them. */
export interface OpenedData {
  readonly config: ImageResolvedConfig;
  readonly dataset: OpenedDataset;
  /** What to learn from: all, or the part that the configuration asks for. */
  readonly train: DataSourceV1;
  readonly statistics: InputStatistics;
  readonly classCount: number | null;
  /** What to fit probes on, and what to score them on. */
  evaluation(): { readonly train: DataSourceV1; readonly test: DataSourceV1 | null };
}

/** How much larger than a view folders' images are kept, so that crops have pixels to choose from. */
const decodeFactor = 2;
/** The views of images that are larger, where the configuration leaves it open. */
const largestAutomaticSize = 64;
const digits: readonly string[] = ["mnist", "mnist-digits"];

/** The size to decode a folder's images to. */
export function decodeSizeOf(imageSize: RunConfig["data"]["imageSize"]): number {
  return decodeFactor * (imageSize === "auto" ? largestAutomaticSize : imageSize);
}

/** Opens the images that a configuration names. @throws DataSourceError, MalformedFileError, StorageError */
export type DatasetOpener = (
  data: RunConfig["data"],
  note: (message: string) => void,
  locations: DataLocations,
) => Promise<OpenedDataset>;

/** Opens them anew each time. */
const openAnew: DatasetOpener = async (data, note, locations) => {
  const dataset =
    typeof data.dataset === "string"
      ? await openDataset(data.dataset, {
          ...downloadOptions(locations),
          // The digits come with a package that this app depends on.
          digitsFrom: import.meta.url,
          onProgress: describeDownloads(note),
          onListed: describeListing(note),
          images: imageOptionsOf(data),
        })
      : await openPackageSource(data.dataset, data.holdOut);
  for (const reason of dataset.why) note(`data: ${reason}`);
  note(`data: ${dataset.train.description}`);
  return dataset;
};

/** How folders and archives are read. */
function imageOptionsOf(data: RunConfig["data"]): ImageOptions {
  const { imageSize, holdOut, onCorrupt, maxBrokenShare, storage, shuffleBuffer } = data;
  const decodeSize = decodeSizeOf(imageSize);
  return { decodeSize, channels: "auto", holdOut, onCorrupt, maxBrokenShare, storage, shuffleBuffer };
}

/** Opens the same images once, for commands that wire many runs. */
export function openOnce(): DatasetOpener {
  const opened = new Map<string, Promise<OpenedDataset>>();
  return (data, note, locations) => {
    const { maxTrainImages: _, enlarge: __, normalization: ___, ...images } = data;
    const key = JSON.stringify(images);
    const dataset = opened.get(key) ?? openAnew(data, note, locations);
    opened.set(key, dataset);
    return dataset;
  };
}

/** @throws DataSourceError, InvalidOptionError, MalformedFileError, StorageError */
export async function openData(
  config: RunConfig,
  note: (message: string) => void,
  locations: DataLocations,
  open: DatasetOpener = openAnew,
): Promise<OpenedData> {
  const first = await open(config.data, note, locations);
  const resolved = await resolveConfig(config, first);
  const dataset = await decodedFor(resolved, first, (data) => open(data, () => undefined, locations));
  for (const source of [dataset.train, dataset.test]) {
    if (source !== null) requireLargeEnough(source, resolved.data);
  }
  const train = takeAtMost(dataset.train, config.data.maxTrainImages, config.seed);
  return {
    config: resolved,
    dataset,
    train,
    statistics: await inputStatisticsOf(train, config.data.normalization),
    classCount: train.classNames?.length ?? null,
    evaluation: () => {
      const { maxTrainImages, maxTestImages } = config.evaluation;
      return {
        train: takeAtMost(dataset.train, maxTrainImages, config.seed),
        test: dataset.test === null ? null : takeAtMost(dataset.test, maxTestImages, config.seed),
      };
    },
  };
}

/**
 * Images that were decoded before the size of the views was known, at the size that a run gone on with, whose configuration
 * names it, has them in.
 */
async function decodedFor(
  { data }: ImageResolvedConfig,
  dataset: OpenedDataset,
  open: (data: RunConfig["data"]) => Promise<OpenedDataset>,
): Promise<OpenedDataset> {
  const { decodeSize } = dataset.train.options;
  if (typeof decodeSize !== "number" || decodeSize === decodeSizeOf(data.imageSize)) return dataset;
  return typeof data.dataset === "string" ? open(data) : dataset;
}

/** A view of a smaller image shows pixels that are not there: that is to be wanted, not to happen. */
function requireLargeEnough(source: DataSourceV1, { imageSize, enlarge }: ImageResolvedConfig["data"]): void {
  if (enlarge) return;
  // The sizes of images that stream are known when they are read.
  if (source.store.kind === "stored") return;
  const { heights, widths } = source.store;
  const index = heights.findIndex((height, image) => Math.min(height, widths[image] ?? 0) < imageSize);
  if (index < 0) return;
  throw new InvalidOptionError({
    option: "data.imageSize",
    expected: `no larger than the images (number ${index} of ${source.description} has ${widths[index]}x${heights[index]} pixels)`,
    received: imageSize,
    hint: "Make the views smaller with --image-size, or have images enlarged with --enlarge.",
  });
}

/** Where data sets are looked for, as the data sets take it. */
export function downloadOptions({ mirror, cache, offline }: DataLocations): OpenDatasetOptions {
  return {
    offline,
    ...(mirror === null ? {} : { mirror }),
    ...(cache === null ? {} : { cacheFolder: cache }),
  };
}

/** Fills in what the configuration leaves to the images. */
async function resolveConfig(
  config: RunConfig,
  { name, train }: OpenedDataset,
): Promise<ImageResolvedConfig> {
  const { imageSize } = config.data;
  const { flip } = config.augmentation;
  return {
    ...config,
    data: {
      ...config.data,
      dataset: config.data.dataset === "auto" ? name : config.data.dataset,
      imageSize: imageSize === "auto" ? await automaticSizeOf(train) : imageSize,
      enlarge: imageSize === "auto" || config.data.enlarge,
    },
    augmentation: { ...config.augmentation, flip: flip === "auto" ? !digits.includes(name) : flip },
  };
}

/** The longer side of the first image that can be read, bounded. */
async function automaticSizeOf(source: DataSourceV1): Promise<number> {
  for (let index = 0; ; index++) {
    try {
      const { height, width } = await source.image(index);
      return Math.min(largestAutomaticSize, Math.max(height, width));
    } catch (error) {
      if (!DataSourceError.isInstance(error) || index + 1 >= Math.min(source.size, 100)) throw error;
    }
  }
}

function takeAtMost(source: DataSourceV1, count: number | null, seed: number): DataSourceV1 {
  return count === null || count >= source.size ? source : subset(source, { count, seed });
}

/** Says how a download goes, every few seconds. */
function describeDownloads(note: (message: string) => void): (progress: DownloadProgress) => void {
  let last = performance.now();
  return ({ file, receivedBytes, totalBytes }) => {
    const now = performance.now();
    if (now - last < 3000) return;
    last = now;
    const total = totalBytes === null ? "" : ` of ${megabytes(totalBytes)}`;
    note(`data: downloading ${file}, ${megabytes(receivedBytes)}${total}`);
  };
}

/** Says how the listing of shards goes, every few seconds. */
function describeListing(note: (message: string) => void): (done: number, total: number) => void {
  let last = performance.now();
  return (done, total) => {
    const now = performance.now();
    if (now - last < 3000) return;
    last = now;
    note(`data: listed ${done} of ${total} shards`);
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
