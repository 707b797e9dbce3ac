import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { DataSourceV1, ImageReader, PackedImages, RawImage, StoredImages } from "@blockwise/spec";
import { ensure, ensureClose } from "../ensure.js";

/** Throws where decoded images in shared memory are not those that the source gives. */
export async function ensurePackedAgrees(
  source: DataSourceV1,
  store: PackedImages,
  places: readonly number[],
): Promise<void> {
  const { pixels, offsets, heights, widths, channels } = store;
  ensureShared({ pixels, offsets, heights, widths });
  ensure(channels === source.channels, `the store has ${channels} channels, the source ${source.channels}`);
  for (const [name, { length }] of Object.entries({ offsets, heights, widths })) {
    ensure(length === source.size, `there are ${length} ${name} of ${source.size} images`);
  }
  for (const place of places) {
    const image = await source.image(place);
    const [height = 0, width = 0, offset = 0] = [heights[place], widths[place], offsets[place]];
    ensureSize(image, height, width, place);
    const packed = pixels.subarray(offset, offset + height * width * channels);
    ensureClose(packed, image.data, `image ${place} in the store`, 0);
  }
}

/** Throws where encoded images, read by the reader that the store names, are not those that the source gives. */
export async function ensureStoredAgrees(
  source: DataSourceV1,
  store: StoredImages,
  places: readonly number[],
): Promise<void> {
  const { paths, files, spans, channels, maxBrokenShare } = store;
  ensureShared({ "paths.bytes": paths.bytes, "paths.ends": paths.ends, files });
  if (spans !== null) {
    const { offsets, lengths, stamps } = spans;
    ensureShared({ "spans.offsets": offsets, "spans.lengths": lengths, "spans.stamps": stamps });
  }
  ensure(channels === source.channels, `the store has ${channels} channels, the source ${source.channels}`);
  ensure(files.length === source.size, `there are files of ${files.length} images, not of ${source.size}`);
  const fileCount = paths.ends.length;
  const lost = files.findIndex((file) => file >= fileCount);
  ensure(lost < 0, `image ${lost} is in file ${files[lost]}, but there are ${fileCount} files`);
  ensure(maxBrokenShare >= 0 && maxBrokenShare <= 1, `maxBrokenShare is ${maxBrokenShare}`);
  const reader = await openReader(store);
  try {
    for (const place of places) {
      const read = await reader.doRead(place);
      if (!("image" in read)) throw new Error(`Broken promise: ${read.name} is broken: ${read.broken}.`);
      const image = await source.image(place);
      ensureSize(read.image, image.height, image.width, place);
      ensureClose(read.image.data, image.data, `image ${place} as threads read it`, 0);
    }
  } finally {
    await reader.doClose();
  }
}

async function openReader(store: StoredImages): Promise<ImageReader> {
  const { module, exportName } = store.readerRecipe;
  const missing = module.startsWith("file:") && !existsSync(fileURLToPath(module));
  ensure(!missing, `the module of the reader recipe, ${module}, is not there: build the package first`);
  const factory: unknown = (await import(module))[exportName];
  if (typeof factory !== "function") throw new Error(`Broken promise: ${module} exports no ${exportName}.`);
  return factory(store);
}

function ensureShared(arrays: Readonly<Record<string, { readonly buffer: ArrayBufferLike }>>): void {
  for (const [name, { buffer }] of Object.entries(arrays)) {
    ensure(buffer instanceof SharedArrayBuffer, `"${name}" of the store is not on a SharedArrayBuffer`);
  }
}

function ensureSize(image: RawImage, height: number, width: number, place: number): void {
  const [got, wanted] = [`[${image.height}, ${image.width}]`, `[${height}, ${width}]`];
  ensure(got === wanted, `image ${place} is ${got}, elsewhere ${wanted}`);
}
