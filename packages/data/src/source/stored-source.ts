import { DataSourceError, type DataSourceV1, type StoredImages } from "@blockwise/spec";
import { storedImageReader } from "../stored-image-reader.js";
import { requirePlace } from "./packed-source.js";
import { sharedFloat64, sharedUint32 } from "./shared-arrays.js";
import type { SourceParts } from "./source-parts.js";

/** Makes a data source of images that stay in their files until they are wanted. */
export function storedSource(parts: SourceParts<StoredImages>): DataSourceV1 {
  const { store } = parts;
  const size = store.files.length;
  return {
    specificationVersion: "v1",
    kind: "data-source",
    ...parts,
    size,
    channels: store.channels,
    image: async (index) => {
      requirePlace(index, size);
      const reader = storedImageReader(store);
      try {
        const result = await reader.doRead(index);
        if ("image" in result) return result.image;
        throw new DataSourceError(
          `Image "${result.name}" cannot be decoded: ${result.broken}. Repair or remove it.`,
          { source: result.name },
        );
      } finally {
        await reader.doClose();
      }
    },
  };
}

/** The images at `rows`, in that order, of the same files. */
export function selectStored(store: StoredImages, rows: readonly number[]): StoredImages {
  const { spans } = store;
  const pick = (values: ArrayLike<number>): number[] => rows.map((row) => values[row] as number);
  return {
    ...store,
    files: sharedUint32(pick(store.files)),
    spans: spans && {
      ...spans,
      offsets: sharedFloat64(pick(spans.offsets)),
      lengths: sharedUint32(pick(spans.lengths)),
    },
  };
}

/** Where threads find the reader. */
export const readerRecipe: StoredImages["readerRecipe"] = {
  // Threads cannot import TypeScript: when this runs from the sources, they take the built package beside them.
  module: new URL(
    import.meta.url.endsWith(".ts") ? "../../dist/stored-image-reader.js" : "./stored-image-reader.js",
    import.meta.url,
  ).href,
  exportName: "storedImageReader",
};
