import type { Dataset } from "../source/dataset.js";
import { packedSource, selectImages } from "../source/packed-source.js";
import { type Arrangement, list } from "./arrange-images.js";
import { imageDataset } from "./image-dataset.js";
import type { CheckedImageOptions } from "./image-options.js";
import type { PackedByName } from "./pack-images.js";

/** Makes the data set of images that are decoded in memory. */
export function packedDataset(parts: {
  readonly id: "image-folder" | "image-tar";
  readonly path: string;
  readonly images: PackedByName;
  /** Of each image, its path under the folder, or in the archive below what all paths begin with. */
  readonly names: readonly string[];
  readonly arrangement: Arrangement;
  readonly options: CheckedImageOptions;
  /** What was passed over, in words. */
  readonly ignored: readonly string[];
}): Dataset {
  const { id, path, images, names, arrangement, ignored } = parts;
  const { skipped } = images;
  const notes = skipped.length === 0 ? [] : [`${skipped.length} broken images left out: ${list(skipped)}`];
  const { storage: _, shuffleBuffer: __, maxBrokenShare: ___, ...options } = parts.options;
  return imageDataset({
    id,
    path,
    arrangement,
    options: { ...options, skipped: [...skipped] },
    notes: [...notes, ...ignored],
    nameAt: (row) => names[row] as string,
    select: (source, rows) => packedSource({ ...source, store: selectImages(images.packed, rows) }),
  });
}
