import type { RawImage } from "@blockwise/spec";

/**
 * Makes a function that hands out an image of the same shape as another, its pixels undefined. It hands out the same
 * memory as long as the shape stays, so that operations do not allocate for each image.
 */
export function makeScratch(): (like: RawImage) => RawImage {
  let data = new Uint8Array(0);
  return ({ width, height, channels }) => {
    const size = width * height * channels;
    if (data.length !== size) data = new Uint8Array(size);
    return { width, height, channels, data };
  };
}
