import { stat } from "node:fs/promises";
import { DataSourceError } from "@blockwise/spec";
import { type BestAvailableOptions, bestAvailableDataset } from "./best-available-dataset.js";
import { type Cifar100Options, openCifar10, openCifar100 } from "./datasets/cifar.js";
import { openFashionMnist } from "./datasets/fashion-mnist.js";
import { openMnist } from "./datasets/mnist.js";
import { openMnistDigits } from "./datasets/mnist-digits.js";
import { openImageFolder } from "./images/image-folder.js";
import type { ImageOptions } from "./images/image-options.js";
import { openImageTar } from "./images/image-tar.js";
import type { Dataset } from "./source/dataset.js";

/** Options of all kinds of data sets; each takes those that are its own. */
export interface OpenDatasetOptions extends BestAvailableOptions {
  /** For CIFAR-100. */
  readonly cifar100?: Pick<Cifar100Options, "labels">;
  /** For folders and tar files. */
  readonly images?: ImageOptions;
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
 * Opens a data set by its name, or by the path of a folder or a tar file (`.tar`, `.tar.gz`, `.tgz`). A folder that
 * has the name of a data set is meant by `"./cifar10"`.
 *
 * @param spec - one of `DATASET_NAMES`, or a path
 * @throws DataSourceError for anything else, and when the data cannot be had.
 * @throws InvalidOptionError, StorageError and MalformedFileError as the data set's own function.
 * @example
 * const { train, test } = await openDataset("cifar10");
 * const photos = await openDataset("photos", { images: { decodeSize: 160, holdOut: 0.1 } });
 */
export async function openDataset(spec: string, options: OpenDatasetOptions = {}): Promise<OpenedDataset> {
  const { images, cifar100, ...rest } = options;
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
      return named(openPath(spec, images));
  }
}

async function named(dataset: Promise<Dataset>): Promise<OpenedDataset> {
  return { ...(await dataset), why: [] };
}

async function openPath(path: string, options: ImageOptions | undefined): Promise<Dataset> {
  const status = await stat(path).catch((error: unknown) => {
    throw new DataSourceError(
      `"${path}" must be ${DATASET_NAMES.map((name) => `"${name}"`).join(", ")}, or the path of a folder or tar ` +
        "file, but there is no such file or folder.",
      { source: path },
      { cause: error },
    );
  });
  if (status.isDirectory()) return openImageFolder(path, options);
  if (/\.(tar|tar\.gz|tgz)$/i.test(path)) return openImageTar(path, options);
  throw new DataSourceError(
    `"${path}" must be a folder or a tar file (.tar, .tar.gz, .tgz), but is another file.`,
    { source: path },
  );
}
