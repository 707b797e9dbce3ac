import type { RawImage } from "@blockwise/spec";
import { bytesAt, kernels, layOut } from "./kernels.js";

/**
 * Gives all three channels the pixel's luminance, as Pillow's `convert("L")`.
 *
 * @param image - 3 channels; borrowed; may be `out`
 * @param out - of the same shape; overwritten
 */
export function toGrayscale({ data }: RawImage, out: RawImage): void {
  const [pixels = 0] = layOut(data.length);
  bytesAt(pixels, data.length).set(data);
  kernels.toGrayscale(pixels, data.length / 3);
  out.data.set(bytesAt(pixels, data.length));
}
