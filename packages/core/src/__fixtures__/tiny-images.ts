import type { AugmentationV1, DataSourceV1, PackedImages } from "@blockwise/spec";

/** Random images, the same for the same seed, in memory that threads share. */
export function tinyImages(size: number, side = 8): DataSourceV1 {
  const bytes = side * side * 3;
  const pixels = new Uint8Array(new SharedArrayBuffer(size * bytes));
  let state = 1;
  for (let index = 0; index < pixels.length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    pixels[index] = state >>> 24;
  }
  const store: PackedImages = {
    kind: "packed",
    pixels,
    offsets: Float64Array.from({ length: size }, (_, index) => index * bytes),
    heights: new Uint32Array(size).fill(side),
    widths: new Uint32Array(size).fill(side),
    channels: 3,
  };
  return {
    specificationVersion: "v1",
    kind: "data-source",
    id: "tiny-images",
    options: { size, side },
    description: `${size} random images of ${side} pixels`,
    size,
    channels: 3,
    classNames: ["even", "odd"],
    labels: Int32Array.from({ length: size }, (_, index) => index % 2),
    store,
    image: async (index) => ({
      width: side,
      height: side,
      channels: 3,
      data: pixels.subarray(index * bytes, (index + 1) * bytes),
    }),
  };
}

/** One view an image: its pixels from 0 to 1. */
export function plainView(side = 8): AugmentationV1 {
  return {
    specificationVersion: "v1",
    kind: "augmentation",
    id: "plain-view",
    options: { side },
    views: 1,
    shape: { height: side, width: side, channels: 3 },
    doView: ({ image, out }) => {
      for (const [index, value] of image.data.entries()) out[index] = value / 255;
    },
  };
}
