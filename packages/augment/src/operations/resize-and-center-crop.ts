import { checkBetween, checkOneOf, checkSize } from "../check-options.js";
import { type Interpolation, makeResample } from "../pixels/resample.js";
import type { ImageOperation } from "./image-operation.js";

/** Options of {@link resizeAndCenterCrop}. */
export interface ResizeAndCenterCropOptions {
  /** Height and width of the result, in pixels. */
  readonly size: number;
  /** The result's side as a share of the resized image's shorter side; 0.875 is usual at 224. @default 1 */
  readonly cropFraction?: number;
  /** @default "bicubic" */
  readonly interpolation?: Interpolation;
}

/**
 * Resizes an image so that its shorter side is `size / cropFraction`, then cuts a square out of its middle; draws no
 * random number. As torchvision's `Resize` and `CenterCrop`.
 *
 * @throws InvalidOptionError for options out of range.
 */
export function resizeAndCenterCrop(options: ResizeAndCenterCropOptions): ImageOperation {
  const { size, cropFraction = 1, interpolation = "bicubic" } = options;
  checkSize("size", size);
  checkBetween("cropFraction", cropFraction, 0.05, 1);
  checkOneOf("interpolation", interpolation, ["bicubic", "bilinear"]);
  const shorter = Math.round(size / cropFraction);
  const resize = makeResample(interpolation);
  const crop = makeResample(interpolation);
  return {
    id: "resize-and-center-crop",
    options: { size, cropFraction, interpolation },
    apply: (image) => {
      if (image.height === size && image.width === size && shorter === size) return image;
      const scale = shorter / Math.min(image.height, image.width);
      const height = Math.max(shorter, Math.trunc(image.height * scale));
      const width = Math.max(shorter, Math.trunc(image.width * scale));
      const whole = { top: 0, left: 0, height: image.height, width: image.width };
      const resized = resize(image, whole, height, width);
      if (height === size && width === size) return resized;
      const middle = {
        top: roundHalfToEven((height - size) / 2),
        left: roundHalfToEven((width - size) / 2),
        height: size,
        width: size,
      };
      return crop(resized, middle, size, size);
    },
  };
}

/** As Python's `round`, which torchvision uses: 0.5 and 2.5 go down, 1.5 goes up. */
function roundHalfToEven(value: number): number {
  const down = Math.floor(value);
  return value - down === 0.5 ? down + (down % 2) : Math.round(value);
}
