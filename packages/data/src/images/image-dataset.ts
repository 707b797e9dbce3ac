import type { DataSourceV1, JsonObject } from "@blockwise/spec";
import type { Dataset } from "../source/dataset.js";
import { requirePlace } from "../source/packed-source.js";
import { sharedInt32 } from "../source/shared-arrays.js";
import type { ArrangedSplit, Arrangement } from "./arrange-images.js";

/** What a source has whatever way its images are kept. */
export interface ImageSourceParts {
  readonly id: string;
  readonly options: JsonObject;
  readonly description: string;
  readonly classNames: readonly string[] | null;
  readonly labels: Int32Array | null;
  readonly imageName: (index: number) => string;
}

/** Makes the data set of images and of what their names say; both splits share pixels or files. */
export function imageDataset(parts: {
  readonly id: "image-folder" | "image-tar" | "image-shards";
  readonly path: string;
  readonly arrangement: Arrangement;
  /** What the images' numbers depend on. */
  readonly options: JsonObject;
  /** What else there is to say, in words: `"2 links passed over"`. */
  readonly notes: readonly string[];
  /** The name of the image at a row. */
  readonly nameAt: (row: number) => string;
  /** Makes the source of the images at some rows. */
  readonly select: (source: ImageSourceParts, rows: readonly number[]) => DataSourceV1;
}): Dataset {
  const { id, path, arrangement, options, nameAt, select } = parts;
  const { classNames, train, test } = arrangement;
  const notes = parts.notes.map((note) => `; ${note}`).join("");
  const source = (split: "train" | "test", { rows, labels }: ArrangedSplit): DataSourceV1 => {
    const kind = classNames === null ? "without labels" : `in ${classNames.length} classes`;
    const share = test === null ? "" : `, ${split} split`;
    return select(
      {
        id,
        options: { path, split: test === null ? "all" : split, ...options },
        description: `Images of "${path}"${share}: ${rows.length} ${kind}${notes}`,
        classNames,
        labels: labels === null ? null : sharedInt32(labels),
        imageName: (index) => {
          requirePlace(index, rows.length);
          return nameAt(rows[index] as number);
        },
      },
      rows,
    );
  };
  return {
    name: path,
    origin: `from "${path}"`,
    train: source("train", train),
    test: test === null ? null : source("test", test),
  };
}
