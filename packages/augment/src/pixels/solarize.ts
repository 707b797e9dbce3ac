import type { RawImage } from "@blockwise/spec";

/**
 * Inverts the bytes from `threshold` up, as Pillow's `ImageOps.solarize`.
 *
 * @param image - borrowed; may be `out`
 * @param out - of the same shape; overwritten
 * @param threshold - from 0 to 256
 */
export function solarizeAbove(image: RawImage, out: RawImage, threshold: number): void {
  const { data } = image;
  for (let place = 0; place < data.length; place++) {
    const value = data[place] as number;
    out.data[place] = value < threshold ? value : 255 - value;
  }
}
