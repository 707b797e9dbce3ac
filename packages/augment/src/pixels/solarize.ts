import type { RawImage } from "@blockwise/spec";
import { bytesAt, kernels, layOut } from "./kernels.js";

/**
 * Inverts the bytes from `threshold` up, as Pillow's `ImageOps.solarize`.
 *
 * @param image - borrowed; may be `out`
 * @param out - of the same shape; overwritten
 * @param threshold - from 0 to 256
 */
export function solarizeAbove({ data }: RawImage, out: RawImage, threshold: number): void {
  const [bytes = 0] = layOut(data.length);
  bytesAt(bytes, data.length).set(data);
  // No byte is above 255.
  if (threshold <= 255) kernels.solarize(bytes, data.length, Math.ceil(threshold));
  out.data.set(bytesAt(bytes, data.length));
}
