import type { StoredImages } from "@blockwise/spec";
import type { Dataset } from "../source/dataset.js";
import { sharedUint32 } from "../source/shared-arrays.js";
import { sharedPathAt, sharePaths } from "../source/shared-paths.js";
import { readerRecipe, selectStored, storedSource } from "../source/stored-source.js";
import type { Arrangement } from "./arrange-images.js";
import { imageDataset } from "./image-dataset.js";
import type { CheckedImageOptions } from "./image-options.js";
import { streamingChannels, streamingOptions } from "./streaming-options.js";

/** Makes the data set of images that are files by themselves, read when they are wanted. */
export function streamedFolder(
  root: string,
  names: readonly string[],
  arrangement: Arrangement,
  options: CheckedImageOptions,
): Dataset {
  const store: StoredImages = {
    kind: "stored",
    channels: streamingChannels(options),
    paths: sharePaths(root, names),
    files: sharedUint32(Uint32Array.from(names, (_, place) => place)),
    spans: null,
    maxBrokenShare: options.onCorrupt === "error" ? 0 : options.maxBrokenShare,
    readerRecipe,
  };
  return imageDataset({
    id: "image-folder",
    path: root,
    arrangement,
    options: streamingOptions(options),
    notes: ["decoded when read"],
    nameAt: (row) => sharedPathAt(store.paths, row),
    select: (parts, rows) => storedSource({ ...parts, store: selectStored(store, rows) }),
  });
}
