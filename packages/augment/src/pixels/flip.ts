import type { RawImage } from "@blockwise/spec";
import { bytesAt, kernels, layOut } from "./kernels.js";

/**
 * Swaps left and right.
 *
 * @param image - borrowed; not `out`
 * @param out - of the same shape; overwritten
 */
export function flipHorizontally(image: RawImage, out: RawImage): void {
  const { width, height, channels, data } = image;
  if (channels === 3) {
    const [source = 0, target = 0] = layOut(data.length, data.length);
    bytesAt(source, data.length).set(data);
    kernels.flipColor(source, target, width, height);
    out.data.set(bytesAt(target, data.length));
    return;
  }
  let place = 0;
  for (let row = 0; row < height; row++) {
    for (let column = width - 1; column >= 0; column--) {
      const source = (row * width + column) * channels;
      for (let channel = 0; channel < channels; channel++)
        out.data[place++] = data[source + channel] as number;
    }
  }
}
