import { stat } from "node:fs/promises";
import { join } from "node:path";
import { DataSourceError, InvalidOptionError } from "@blockwise/spec";
import { type BestAvailableOptions, bestAvailableDataset } from "./best-available-dataset.js";
import { type Cifar100Options, openCifar10, openCifar100 } from "./datasets/cifar.js";
import { openFashionMnist } from "./datasets/fashion-mnist.js";
import { openMnist } from "./datasets/mnist.js";
import { openMnistDigits } from "./datasets/mnist-digits.js";
import { resolveCacheFolder } from "./download/cache-folder.js";
import { estimateDecodedBytes } from "./images/estimate-decoded-bytes.js";
import { openImageFolder } from "./images/image-folder.js";
import { checkImageOptions, type ImageOptions } from "./images/image-options.js";
import { openImageTar } from "./images/image-tar.js";
import { isShardFolder, isShardPattern } from "./shards/list-shards.js";
import { openShards, type ShardOptions } from "./shards/open-shards.js";
import type { Dataset } from "./source/dataset.js";
import { readEncodedImage } from "./stored-image-reader.js";

/** Options of all kinds of data sets; each takes those that are its own. */
export interface OpenDatasetOptions extends BestAvailableOptions {
  /** For CIFAR-100. */
  readonly cifar100?: Pick<Cifar100Options, "labels">;
  /** For folders, tar files and shards. */
  readonly images?: ImageOptions;
  /** For shards: told how many of them have been listed. */
  readonly onListed?: ShardOptions["onListed"];
}

/** A data set, and why it was chosen where that was left open. */
export interface OpenedDataset extends Dataset {
  /** Empty for a set that was asked for by name. */
  readonly why: readonly string[];
}

/** The names that `openDataset` knows; anything else is a path. */
export const DATASET_NAMES = [
  "auto",
  "cifar10",
  "cifar100",
  "fashion-mnist",
  "mnist",
  "mnist-digits",
] as const;

/**
 * Opens a data set by its name, or by the path of a folder of images or of shards, a pattern of shards
 * (`"train-{000..146}.tar"`), or a tar file (`.tar`, `.tar.gz`, `.tgz`). A folder that has the name of a data set is
 * meant by `"./cifar10"`.
 *
 * @param spec - one of `DATASET_NAMES`, or a path
 * @throws DataSourceError for anything else, and when the data cannot be had.
 * @throws InvalidOptionError, StorageError and MalformedFileError as the data set's own function.
 * @example
 * const { train, test } = await openDataset("cifar10");
 * const photos = await openDataset("photos", { images: { decodeSize: 160, holdOut: 0.1 } });
 */
export async function openDataset(spec: string, options: OpenDatasetOptions = {}): Promise<OpenedDataset> {
  const { images, cifar100, onListed, ...rest } = options;
  switch (spec) {
    case "auto":
      return bestAvailableDataset(rest);
    case "cifar10":
      return named(openCifar10(rest));
    case "cifar100":
      return named(openCifar100({ ...rest, ...cifar100 }));
    case "fashion-mnist":
      return named(openFashionMnist(rest));
    case "mnist":
      return named(openMnist(rest));
    case "mnist-digits":
      return named(openMnistDigits(rest));
    default:
      return named(openPath(spec, images, shardOptions(options)));
  }
}

async function named(dataset: Promise<Dataset>): Promise<OpenedDataset> {
  return { ...(await dataset), why: [] };
}

function shardOptions({ images = {}, cacheFolder, onListed }: OpenDatasetOptions): ShardOptions {
  const { decodeSize: _, fit: __, memoryBudgetBytes: ___, storage: ____, ...rest } = images;
  return {
    ...rest,
    indexFolder: join(resolveCacheFolder(cacheFolder), "shards"),
    ...(onListed === undefined ? {} : { onListed }),
  };
}

async function openPath(path: string, options: ImageOptions = {}, sharded: ShardOptions): Promise<Dataset> {
  const { storage } = options;
  if (await isShardPattern(path)) return openAllShards(path, storage, sharded);
  const status = await stat(path).catch((error: unknown) => {
    throw new DataSourceError(
      `"${path}" must be ${DATASET_NAMES.map((name) => `"${name}"`).join(", ")}, or the path of a folder or tar ` +
        "file, but there is no such file or folder.",
      { source: path },
      { cause: error },
    );
  });
  if (status.isDirectory()) {
    const isSharded = await isShardFolder(path);
    return isSharded ? openAllShards(path, storage, sharded) : openImageFolder(path, options);
  }
  if (/\.tar$/i.test(path) && storage !== undefined && storage !== "memory") {
    return storage === "stream" ? openShards(path, sharded) : openTar(path, options, sharded);
  }
  if (/\.(tar|tar\.gz|tgz)$/i.test(path)) {
    return openImageTar(path, storage === "auto" ? { ...options, storage: "memory" } : options);
  }
  throw new DataSourceError(
    `"${path}" must be a folder or a tar file (.tar, .tar.gz, .tgz), but is another file.`,
    { source: path },
  );
}

/** Shards are many because their images do not fit: they always stream. */
async function openAllShards(
  path: string,
  storage: ImageOptions["storage"],
  options: ShardOptions,
): Promise<Dataset> {
  if (storage !== "memory") return openShards(path, options);
  throw new InvalidOptionError({
    option: "storage",
    expected: `"stream" or "auto" for the shards of "${path}"`,
    received: storage,
    hint: "Shards are read and decoded when their images are wanted.",
  });
}

/** One archive is decoded into memory if that suffices. */
async function openTar(path: string, options: ImageOptions, sharded: ShardOptions): Promise<Dataset> {
  const streamed = await openShards(path, sharded);
  const { decodeSize, fit, memoryBudgetBytes } = checkImageOptions(options);
  const { train, test } = streamed;
  const { store } = train;
  const bytesOf = async (place: number): Promise<Buffer | string> =>
    store.kind === "stored" ? readEncodedImage(store, place) : "";
  const count = train.size + (test?.size ?? 0);
  const estimate = await estimateDecodedBytes(train.size, bytesOf, { decodeSize, fit });
  if ((estimate * count) / train.size > memoryBudgetBytes) return streamed;
  return openImageTar(path, { ...options, storage: "memory" });
}
