import type { DataSourceV1, ImageReader, PackedImages, RawImage } from "@blockwise/spec";

/**
 * Makes what reads a source's images in this thread.
 *
 * @throws Error when the module of a stored source cannot be imported or has no such function.
 */
export async function openReader(store: DataSourceV1["store"]): Promise<ImageReader> {
  if (store.kind === "packed") return packedReader(store);
  const { module, exportName } = store.readerRecipe;
  const factory: unknown = (await import(module))[exportName];
  if (typeof factory !== "function") throw new TypeError(`${module} exports no function "${exportName}"`);
  return factory(store);
}

function packedReader(packed: PackedImages): ImageReader {
  return {
    doRead: async (index) => ({ image: packedImage(packed, index) }),
    doClose: async () => {},
  };
}

function packedImage({ pixels, offsets, heights, widths, channels }: PackedImages, index: number): RawImage {
  const height = heights[index] as number;
  const width = widths[index] as number;
  const offset = offsets[index] as number;
  return { height, width, channels, data: pixels.subarray(offset, offset + height * width * channels) };
}
