import type { RawImage } from "@blockwise/spec";
import { luminance } from "./luminance.js";

/**
 * Gives all three channels the pixel's luminance, as Pillow's `convert("L")`.
 *
 * @param image - 3 channels; borrowed; may be `out`
 * @param out - of the same shape; overwritten
 */
export function toGrayscale(image: RawImage, out: RawImage): void {
  const { data } = image;
  for (let place = 0; place < data.length; place += 3) {
    const grey = luminance(data[place] as number, data[place + 1] as number, data[place + 2] as number);
    out.data[place] = grey;
    out.data[place + 1] = grey;
    out.data[place + 2] = grey;
  }
}
