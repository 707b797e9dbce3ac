import { type DataSourceV1, InvalidOptionError, type PackedImages, type RawImage } from "@blockwise/spec";
import { sharedFloat64, sharedInt32, sharedUint32 } from "./shared-arrays.js";
import type { SourceParts } from "./source-parts.js";

/** Makes a data source of images that are packed already; nothing is copied. */
export function packedSource(parts: SourceParts<PackedImages>): DataSourceV1 {
  const { store } = parts;
  const size = store.offsets.length;
  return {
    specificationVersion: "v1",
    kind: "data-source",
    ...parts,
    size,
    channels: store.channels,
    image: async (index) => {
      requirePlace(index, size);
      return packedImage(store, index);
    },
  };
}

/** @throws InvalidOptionError unless there is an image at that place. */
export function requirePlace(index: number, size: number): void {
  if (Number.isInteger(index) && index >= 0 && index < size) return;
  throw new InvalidOptionError({
    option: "index",
    expected: `an integer from 0 to ${size - 1}`,
    received: index,
  });
}

/** Packs what equally large images have in common: `count` images of `height * width * channels` bytes each. */
export function packEqualImages(
  pixels: Uint8Array,
  shape: {
    readonly count: number;
    readonly height: number;
    readonly width: number;
    readonly channels: number;
  },
): PackedImages {
  const { count, height, width, channels } = shape;
  const imageBytes = height * width * channels;
  return {
    kind: "packed",
    pixels,
    offsets: sharedFloat64(Float64Array.from({ length: count }, (_, index) => index * imageBytes)),
    heights: sharedUint32(new Uint32Array(count).fill(height)),
    widths: sharedUint32(new Uint32Array(count).fill(width)),
    channels,
  };
}

/** The images at `rows`, in that order, sharing the pixels of `packed`. */
export function selectImages(packed: PackedImages, rows: readonly number[]): PackedImages {
  return {
    kind: "packed",
    pixels: packed.pixels,
    offsets: sharedFloat64(pick(packed.offsets, rows)),
    heights: sharedUint32(pick(packed.heights, rows)),
    widths: sharedUint32(pick(packed.widths, rows)),
    channels: packed.channels,
  };
}

/** The labels at `rows`, in that order. */
export function selectLabels(labels: Int32Array, rows: readonly number[]): Int32Array {
  return sharedInt32(pick(labels, rows));
}

/** What the images at `rows`, in that order, are called, where they have names. */
export function namesAt(source: DataSourceV1, rows: readonly number[]): Pick<DataSourceV1, "imageName"> {
  const { imageName } = source;
  if (imageName === undefined) return {};
  return {
    imageName: (index) => {
      requirePlace(index, rows.length);
      return imageName.call(source, rows[index] as number);
    },
  };
}

function pick(values: ArrayLike<number>, rows: readonly number[]): number[] {
  return rows.map((row) => values[row] as number);
}

function packedImage(packed: PackedImages, index: number): RawImage {
  const height = packed.heights[index] as number;
  const width = packed.widths[index] as number;
  const offset = packed.offsets[index] as number;
  const { channels } = packed;
  return {
    width,
    height,
    channels,
    data: packed.pixels.subarray(offset, offset + height * width * channels),
  };
}
