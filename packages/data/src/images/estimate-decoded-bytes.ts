import sharp from "sharp";
import type { CheckedImageOptions } from "./image-options.js";

/** How many images are looked at. */
const LOOKED_AT = 32;

/**
 * About how many bytes images will take when they are decoded into memory, from the sizes that a few of them state,
 * evenly spread. Images that state none are left out.
 *
 * @param read - reads the bytes of an image, or the path of its file
 */
export async function estimateDecodedBytes(
  count: number,
  read: (place: number) => Promise<Buffer | string>,
  { decodeSize, fit }: Pick<CheckedImageOptions, "decodeSize" | "fit">,
): Promise<number> {
  const looked = Math.min(count, LOOKED_AT);
  const sizes: number[] = [];
  for (let turn = 0; turn < looked; turn++) {
    try {
      const { width, height } = await sharp(await read(Math.floor((turn * count) / looked))).metadata();
      const scale = Math.min(1, decodeSize / Math.min(width, height));
      sizes.push(fit === "square" ? decodeSize ** 2 : width * height * scale ** 2);
    } catch {
      // It is named when it is decoded.
    }
  }
  if (sizes.length === 0) return 0;
  return (count * 3 * sizes.reduce((sum, size) => sum + size, 0)) / sizes.length;
}
