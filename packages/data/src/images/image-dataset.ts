import type { DataSourceV1 } from "@blockwise/spec";
import type { Dataset } from "../source/dataset.js";
import { packedSource, selectImages } from "../source/packed-source.js";
import { sharedInt32 } from "../source/shared-arrays.js";
import { type ArrangedSplit, type Arrangement, list } from "./arrange-images.js";
import type { CheckedImageOptions } from "./image-options.js";
import type { PackedByName } from "./pack-images.js";

/** Makes the data set of packed images and of what their names say; both splits share the pixels. */
export function imageDataset(parts: {
  readonly id: "image-folder" | "image-tar";
  readonly path: string;
  readonly images: PackedByName;
  readonly arrangement: Arrangement;
  readonly options: CheckedImageOptions;
  /** What else was passed over, in words: `"2 links"`. */
  readonly ignored: readonly string[];
}): Dataset {
  const { id, path, images, arrangement, options, ignored } = parts;
  const { classNames, train, test } = arrangement;
  const skipped =
    images.skipped.length === 0
      ? []
      : [`${images.skipped.length} broken images left out: ${list(images.skipped)}`];
  const notes = [...skipped, ...ignored].map((note) => `; ${note}`).join("");
  const source = (split: "train" | "test", { rows, labels }: ArrangedSplit): DataSourceV1 => {
    const kind = classNames === null ? "without labels" : `in ${classNames.length} classes`;
    const share = test === null ? "" : `, ${split} split`;
    return packedSource({
      id,
      options: { path, split: test === null ? "all" : split, ...options, skipped: [...images.skipped] },
      description: `Images of "${path}"${share}: ${rows.length} ${kind}${notes}`,
      classNames,
      labels: labels === null ? null : sharedInt32(labels),
      packed: selectImages(images.packed, rows),
    });
  };
  return {
    name: path,
    origin: `from "${path}"`,
    train: source("train", train),
    test: test === null ? null : source("test", test),
  };
}
