import type { RawImage } from "@blockwise/spec";
import type { ColorChange } from "./change-colors.js";

/**
 * Changes brightness and contrast of a grey image, by a table of its 256 levels; saturation and hue have nothing to change.
 *
 * @param image - 1 channel; borrowed; may be `out`
 * @param out - of the same shape; overwritten
 */
export function changeGrey(image: RawImage, out: RawImage, changes: readonly ColorChange[]): void {
  const { data } = image;
  const counts = changes.some(({ property }) => property === "contrast") ? countLevels(data) : NO_COUNTS;
  const levels = IDENTITY.slice();
  for (const { property, amount } of changes) {
    if (property !== "brightness" && property !== "contrast") continue;
    const towards = property === "contrast" ? Math.floor(meanOf(levels, counts, data.length) + 0.5) : 0;
    const factor = Math.fround(amount);
    for (let level = 0; level < 256; level++) {
      levels[level] = blend(towards, levels[level] as number, factor);
    }
  }
  const target = out.data;
  for (let place = 0; place < data.length; place++) target[place] = levels[data[place] as number] as number;
}

const IDENTITY = Uint8Array.from({ length: 256 }, (_, level) => level);
const NO_COUNTS = new Int32Array(256);

/** How many bytes have each value. */
function countLevels(data: Uint8Array): Int32Array {
  const counts = new Int32Array(256);
  for (let place = 0; place < data.length; place++) (counts[data[place] as number] as number)++;
  return counts;
}

function meanOf(levels: Uint8Array, counts: Int32Array, total: number): number {
  let sum = 0;
  for (let level = 0; level < 256; level++) sum += (levels[level] as number) * (counts[level] as number);
  return sum / total;
}

/** Pillow's `Image.blend`, whose arithmetic is float32. */
function blend(degenerate: number, value: number, factor: number): number {
  const mixed = Math.fround(degenerate + Math.fround(factor * (value - degenerate)));
  return mixed <= 0 ? 0 : mixed >= 255 ? 255 : mixed | 0;
}
