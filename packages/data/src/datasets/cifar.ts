import { type DataSourceV1, InvalidOptionError, MalformedFileError } from "@blockwise/spec";
import { cachedFile, type RemoteFile } from "../download/cached-file.js";
import type { DownloadOptions } from "../download/download-options.js";
import { CIFAR_IMAGE_BYTES, CIFAR_SIDE, unpackCifarRecords } from "../formats/cifar-records.js";
import { tarFiles } from "../formats/tar-entries.js";
import type { Dataset } from "../source/dataset.js";
import { packEqualImages, packedSource } from "../source/packed-source.js";
import { sharedBytes, sharedInt32 } from "../source/shared-arrays.js";
import { describeOrigin } from "./describe-origin.js";

/** Which of CIFAR-100's labels to use. */
export interface Cifar100Options extends DownloadOptions {
  /** 100 fine classes, or the 20 coarse ones that they belong to. @default "fine" */
  readonly labels?: "fine" | "coarse";
}

/**
 * CIFAR-10: 50,000 + 10,000 colour images of 32x32 pixels in 10 classes, from the authors' binary archive.
 *
 * @throws DataSourceError when the archive cannot be had.
 * @throws StorageError when the cache folder cannot be written.
 * @throws MalformedFileError when the archive is not what it should be.
 * @see Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009; https://www.cs.toronto.edu/~kriz/cifar.html
 * @example
 * const { train, test } = await openCifar10();
 */
export function openCifar10(options: DownloadOptions = {}): Promise<Dataset> {
  return openCifar(
    {
      name: "cifar10",
      title: "CIFAR-10",
      file: archive("cifar10", "cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530"),
      labelBytes: 1,
      labelByte: 0,
      classCount: 10,
      classFile: "batches.meta.txt",
      trainFiles: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`),
      testFiles: ["test_batch.bin"],
    },
    options,
    {},
  );
}

/**
 * CIFAR-100: 50,000 + 10,000 colour images of 32x32 pixels in 100 fine or 20 coarse classes.
 *
 * @throws DataSourceError, StorageError and MalformedFileError as `openCifar10`.
 * @throws InvalidOptionError for labels that are neither.
 */
export async function openCifar100(options: Cifar100Options = {}): Promise<Dataset> {
  const { labels = "fine", ...download } = options;
  if (labels !== "fine" && labels !== "coarse") {
    throw new InvalidOptionError({ option: "labels", expected: '"fine" or "coarse"', received: labels });
  }
  return openCifar(
    {
      name: "cifar100",
      title: "CIFAR-100",
      file: archive("cifar100", "cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8"),
      labelBytes: 2,
      labelByte: labels === "coarse" ? 0 : 1,
      classCount: labels === "coarse" ? 20 : 100,
      classFile: `${labels}_label_names.txt`,
      trainFiles: ["train.bin"],
      testFiles: ["test.bin"],
    },
    download,
    { labels },
  );
}

interface CifarVariant {
  readonly name: string;
  readonly title: string;
  readonly file: RemoteFile;
  readonly labelBytes: number;
  readonly labelByte: number;
  readonly classCount: number;
  readonly classFile: string;
  readonly trainFiles: readonly string[];
  readonly testFiles: readonly string[];
}

function archive(dataset: string, name: string, md5: string): RemoteFile {
  return { dataset, name, md5, urls: [`https://www.cs.toronto.edu/~kriz/${name}`] };
}

async function openCifar(
  variant: CifarVariant,
  options: DownloadOptions,
  labelOptions: { readonly labels?: string },
): Promise<Dataset> {
  const { path, origin } = await cachedFile(variant.file, options);
  const files = await readMembers(path, variant);
  const classNames = classNamesOf(files, variant, path);
  const where = describeOrigin(origin);
  const source = (split: "train" | "test", names: readonly string[]): DataSourceV1 => {
    const { pixels, labels } = unpackFiles(files, names, variant, path);
    return packedSource({
      id: variant.name,
      options: { split, ...labelOptions, origin: where },
      description: `${variant.title}, ${split} split: ${labels.length} images of 32x32 in ${variant.classCount} classes, ${where}`,
      classNames,
      labels,
      store: packEqualImages(pixels, {
        count: labels.length,
        height: CIFAR_SIDE,
        width: CIFAR_SIDE,
        channels: 3,
      }),
    });
  };
  return {
    name: variant.name,
    origin: where,
    train: source("train", variant.trainFiles),
    test: source("test", variant.testFiles),
  };
}

async function readMembers(path: string, variant: CifarVariant): Promise<ReadonlyMap<string, Buffer>> {
  const wanted = new Set([...variant.trainFiles, ...variant.testFiles, variant.classFile]);
  const files = new Map<string, Buffer>();
  const baseName = (name: string): string => name.slice(name.lastIndexOf("/") + 1);
  const options = { wants: (name: string) => wanted.has(baseName(name)), maxFileBytes: 256 * 2 ** 20 };
  for await (const { name, bytes } of tarFiles(path, options)) files.set(baseName(name), bytes);
  return files;
}

function member(files: ReadonlyMap<string, Buffer>, name: string, path: string): Buffer {
  const bytes = files.get(name);
  if (bytes === undefined) {
    throw new MalformedFileError(
      `The archive "${path}" must contain "${name}", but does not. Delete it and get it again.`,
      { path },
    );
  }
  return bytes;
}

function classNamesOf(
  files: ReadonlyMap<string, Buffer>,
  variant: CifarVariant,
  path: string,
): readonly string[] {
  const names = member(files, variant.classFile, path)
    .toString("utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (names.length !== variant.classCount) {
    throw new MalformedFileError(
      `"${variant.classFile}" in "${path}" must name ${variant.classCount} classes, but names ${names.length}. ` +
        "Delete the archive and get it again.",
      { path },
    );
  }
  return names;
}

function unpackFiles(
  files: ReadonlyMap<string, Buffer>,
  names: readonly string[],
  variant: CifarVariant,
  path: string,
): { readonly pixels: Uint8Array; readonly labels: Int32Array } {
  const recordBytes = variant.labelBytes + CIFAR_IMAGE_BYTES;
  const members = names.map((name) => ({ name, bytes: member(files, name, path) }));
  const count = members.reduce((sum, { bytes }) => sum + Math.floor(bytes.length / recordBytes), 0);
  const target = {
    pixels: sharedBytes(count * CIFAR_IMAGE_BYTES),
    labels: sharedInt32(new Int32Array(count)),
  };
  let first = 0;
  for (const { name, bytes } of members) {
    first += unpackCifarRecords(bytes, { ...variant, path: `${path}:${name}` }, target, first);
  }
  return target;
}
