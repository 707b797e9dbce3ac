import type { RawImage } from "@blockwise/spec";
import { blend } from "./blend.js";
import { luminance } from "./luminance.js";

/**
 * `factor * image`, clamped: torchvision's `adjust_brightness` on Pillow images, bit-exact.
 *
 * @param image - borrowed; may be `out`
 * @param out - of the same shape; overwritten
 * @param factor - 0 gives black, 1 the image
 */
export function adjustBrightness(image: RawImage, out: RawImage, factor: number): void {
  blendWithLevel(image, out, 0, factor);
}

/**
 * `mean + factor * (image - mean)`, clamped, with the rounded mean luminance: torchvision's `adjust_contrast` on
 * Pillow images, bit-exact.
 *
 * @param image - borrowed; may be `out`
 * @param out - of the same shape; overwritten
 * @param factor - 0 gives even grey, 1 the image
 */
export function adjustContrast(image: RawImage, out: RawImage, factor: number): void {
  blendWithLevel(image, out, Math.floor(meanLuminance(image) + 0.5), factor);
}

/**
 * `grey + factor * (image - grey)`, clamped, with each pixel's luminance: torchvision's `adjust_saturation` on Pillow
 * images, bit-exact.
 *
 * @param image - 3 channels; borrowed; may be `out`
 * @param out - of the same shape; overwritten
 * @param factor - 0 gives grey, 1 the image
 */
export function adjustSaturation(image: RawImage, out: RawImage, factor: number): void {
  const source = image.data;
  const target = out.data;
  const rounded = Math.fround(factor);
  for (let place = 0; place < source.length; place += 3) {
    const red = source[place] as number;
    const green = source[place + 1] as number;
    const blue = source[place + 2] as number;
    const grey = luminance(red, green, blue);
    target[place] = blend(grey, red, rounded);
    target[place + 1] = blend(grey, green, rounded);
    target[place + 2] = blend(grey, blue, rounded);
  }
}

const levels = new Uint8Array(256);

function blendWithLevel(image: RawImage, out: RawImage, degenerate: number, factor: number): void {
  const rounded = Math.fround(factor);
  for (let level = 0; level < 256; level++) levels[level] = blend(degenerate, level, rounded);
  mapLevels(image, out, levels);
}

/**
 * Replaces each byte by `table[byte]`.
 *
 * @param image - borrowed; may be `out`
 * @param out - of the same shape; overwritten
 * @param table - 256 bytes
 */
function mapLevels(image: RawImage, out: RawImage, table: Uint8Array): void {
  const source = image.data;
  const target = out.data;
  for (let place = 0; place < source.length; place++) {
    target[place] = table[source[place] as number] as number;
  }
}

function meanLuminance({ data, channels }: RawImage): number {
  let sum = 0;
  if (channels === 1) {
    for (let place = 0; place < data.length; place++) sum += data[place] as number;
    return sum / data.length;
  }
  for (let place = 0; place < data.length; place += 3) {
    sum += luminance(data[place] as number, data[place + 1] as number, data[place + 2] as number);
  }
  return sum / (data.length / 3);
}
