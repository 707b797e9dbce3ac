import type { RandomGenerator } from "@blockwise/spec";
import { checkOneOf, checkRange, checkSize } from "../check-options.js";
import { type Box, type Interpolation, makeResample } from "../pixels/resample.js";
import type { ImageOperation } from "./image-operation.js";

/** Options of {@link randomResizedCrop}. */
export interface RandomResizedCropOptions {
  /** Height and width of the result, in pixels. */
  readonly size: number;
  /** Least and greatest share of the image's area. @default [0.08, 1] */
  readonly scale?: readonly [number, number];
  /** Least and greatest width over height, drawn evenly on a logarithmic scale. @default [3 / 4, 4 / 3] */
  readonly ratio?: readonly [number, number];
  /** @default "bicubic" */
  readonly interpolation?: Interpolation;
}

/**
 * Cuts out a random box and resizes it to a square; images smaller than the square are enlarged.
 *
 * Boxes are drawn as in torchvision's `RandomResizedCrop`: ten tries, then the largest box in the middle whose shape
 * is allowed.
 *
 * @throws InvalidOptionError for options out of range.
 */
export function randomResizedCrop(options: RandomResizedCropOptions): ImageOperation {
  const { size, scale = [0.08, 1], ratio = [3 / 4, 4 / 3], interpolation = "bicubic" } = options;
  checkSize("size", size);
  checkRange("scale", scale, 1);
  checkRange("ratio", ratio, Number.POSITIVE_INFINITY);
  checkOneOf("interpolation", interpolation, ["bicubic", "bilinear"]);
  const resample = makeResample(interpolation);
  return {
    id: "random-resized-crop",
    options: { size, scale, ratio, interpolation },
    apply: (image, random) =>
      resample(image, drawBox(image.height, image.width, scale, ratio, random), size, size),
  };
}

function drawBox(
  height: number,
  width: number,
  scale: readonly [number, number],
  ratio: readonly [number, number],
  random: RandomGenerator,
): Box {
  const [narrowest, widest] = ratio;
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = height * width * (scale[0] + (scale[1] - scale[0]) * random.uniform());
    const shape = narrowest * (widest / narrowest) ** random.uniform();
    const boxWidth = Math.round(Math.sqrt(area * shape));
    const boxHeight = Math.round(Math.sqrt(area / shape));
    if (boxWidth >= 1 && boxWidth <= width && boxHeight >= 1 && boxHeight <= height) {
      return {
        top: random.integer(height - boxHeight + 1),
        left: random.integer(width - boxWidth + 1),
        height: boxHeight,
        width: boxWidth,
      };
    }
  }
  const shape = Math.min(Math.max(width / height, narrowest), widest);
  const boxWidth = shape < width / height ? Math.max(1, Math.round(height * shape)) : width;
  const boxHeight = shape > width / height ? Math.max(1, Math.round(width / shape)) : height;
  return {
    top: Math.floor((height - boxHeight) / 2),
    left: Math.floor((width - boxWidth) / 2),
    height: boxHeight,
    width: boxWidth,
  };
}
