import type { RawImage } from "@blockwise/spec";

/** An image of real numbers, usually from 0 to 1: rows from the top, channels last. */
export interface FloatImage {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** `height * width * channels` values. */
  readonly data: Float64Array;
}

/** The image in values from 0 to 1, in memory of its own. */
export function toUnit({ width, height, channels, data }: RawImage): FloatImage {
  return { width, height, channels, data: Float64Array.from(data, (value) => value / 255) };
}

/** Bytes of values from 0 to 1: cut off below and above, and what is left of the point is kept, as numpy's `uint8`. */
export function toBytes({ width, height, channels, data }: FloatImage): RawImage {
  return { width, height, channels, data: Uint8Array.from(data, unitToByte) };
}

/** A new image of the same shape with each value replaced. */
export function mapValues(image: FloatImage, change: (value: number, place: number) => number): FloatImage {
  return { ...image, data: image.data.map(change) };
}

function unitToByte(value: number): number {
  return Math.floor(Math.min(Math.max(value, 0), 1) * 255);
}
