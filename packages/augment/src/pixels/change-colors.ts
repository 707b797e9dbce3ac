import type { RawImage } from "@blockwise/spec";
import { changeGrey } from "./change-grey.js";
import { bytesAt, integersAt, kernels, layOut } from "./kernels.js";

/** A change of an image's colours, as torchvision's functions of the same names make it on Pillow images. */
export interface ColorChange {
  /**
   * `"brightness"` mixes with black, `"contrast"` with the image's mean luminance, `"saturation"` with each pixel's
   * luminance, `"hue"` turns the hue.
   */
  readonly property: "brightness" | "contrast" | "saturation" | "hue";
  /** How much of the image there is in the mixture (above 1 goes beyond it), or the turn, from -0.5 to 0.5. */
  readonly amount: number;
}

/**
 * Makes changes one after the other, bit-exact with torchvision on Pillow images: as few passes over the pixels as
 * contrast, which needs the mean of what comes before, allows. Saturation and hue leave grey images alone.
 *
 * @param image - 1 or 3 channels; borrowed; may be `out`
 * @param out - of the same shape; overwritten
 */
export function changeColors(image: RawImage, out: RawImage, changes: readonly ColorChange[]): void {
  if (image.channels === 1) {
    changeGrey(image, out, changes);
    return;
  }
  const { data } = image;
  const pixels = data.length / 3;
  const [pixelsAt = 0, changesAt = 0] = layOut(data.length, 8 * changes.length);
  bytesAt(pixelsAt, data.length).set(data);
  const words = integersAt(changesAt, 2 * changes.length);
  const factors = new Float32Array(words.buffer, changesAt, words.length);
  let count = 0;
  for (const { property, amount } of changes) {
    if (property === "hue") {
      words[2 * count] = HUE;
      words[2 * count + 1] = Math.trunc(amount * 255) & 255;
    } else if (property === "saturation") {
      words[2 * count] = SATURATION;
      factors[2 * count + 1] = amount;
    } else {
      let level = 0;
      if (property === "contrast") {
        const sum = kernels.changeColors(pixelsAt, pixels, changesAt, count);
        level = Math.floor(sum / pixels + 0.5);
        count = 0;
      }
      words[2 * count] = TO_LEVEL + 256 * level;
      factors[2 * count + 1] = amount;
    }
    count++;
  }
  if (count > 0) kernels.changeColors(pixelsAt, pixels, changesAt, count);
  out.data.set(bytesAt(pixelsAt, data.length));
}

// As in assembly/color.ts.
const TO_LEVEL = 0;
const SATURATION = 1;
const HUE = 2;
