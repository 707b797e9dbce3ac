import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { type DataSourceV1, MalformedFileError } from "@blockwise/spec";
import { parseIdx } from "../formats/idx.js";
import type { Dataset } from "../source/dataset.js";
import { packEqualImages, packedSource } from "../source/packed-source.js";
import { sharedBytes, sharedInt32 } from "../source/shared-arrays.js";

/** The four files of MNIST and of the sets made in its likeness, by the names that they always have. */
export const IDX_FILES = {
  trainImages: "train-images-idx3-ubyte",
  trainLabels: "train-labels-idx1-ubyte",
  testImages: "t10k-images-idx3-ubyte",
  testLabels: "t10k-labels-idx1-ubyte",
} as const;

/** One of the four files. */
export type IdxFile = keyof typeof IDX_FILES;

/** A data set in four IDX files. */
export interface IdxDatasetParts {
  readonly name: string;
  /** Its name in print. */
  readonly title: string;
  readonly classNames: readonly string[];
  /** Ends the description: "from the cache". */
  readonly origin: string;
  /** The files' bytes, not compressed. */
  readonly files: Readonly<Record<IdxFile, Uint8Array>>;
}

/**
 * Makes a data set of four IDX files; the bytes are copied to shared memory.
 *
 * @throws MalformedFileError when a file is no IDX file, when images and labels differ in number, or when a label is
 * out of range.
 */
export function idxDataset(parts: IdxDatasetParts): Dataset {
  const { name, origin, files } = parts;
  return {
    name,
    origin,
    train: idxSource(parts, "train", files.trainImages, files.trainLabels),
    test: idxSource(parts, "test", files.testImages, files.testLabels),
  };
}

function idxSource(
  { name, title, classNames, origin }: IdxDatasetParts,
  split: "train" | "test",
  imageBytes: Uint8Array,
  labelBytes: Uint8Array,
): DataSourceV1 {
  const path = `${name} (${split})`;
  const images = parseIdx(imageBytes, 3, path);
  const labels = parseIdx(labelBytes, 1, path);
  const [count = 0, height = 0, width = 0] = images.shape;
  if (labels.values.length !== count) {
    throw new MalformedFileError(
      `The IDX files of ${path} must have a label for each of ${count} images, but have ${labels.values.length}. ` +
        "Delete them and get them again.",
      { path },
    );
  }
  const stray = labels.values.find((label) => label >= classNames.length);
  if (stray !== undefined) {
    throw new MalformedFileError(
      `The IDX files of ${path} must have labels from 0 to ${classNames.length - 1}, but have ${stray}. ` +
        "Delete them and get them again.",
      { path },
    );
  }
  const pixels = sharedBytes(images.values.length);
  pixels.set(images.values);
  return packedSource({
    id: name,
    options: { split, origin },
    description: `${title}, ${split} split: ${count} grey images of ${height}x${width} in ${classNames.length} classes, ${origin}`,
    classNames,
    labels: sharedInt32(labels.values),
    store: packEqualImages(pixels, { count, height, width, channels: 1 }),
  });
}

/** Unpacks a gzip file of at most 256 MiB. @throws MalformedFileError */
export async function unpackGzip(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: 256 * 2 ** 20 });
  } catch (error) {
    throw new MalformedFileError(
      `"${path}" must be a whole gzip file of at most 256 MiB when unpacked, but is not. Delete it and get it again.`,
      { path },
      { cause: error },
    );
  }
}
