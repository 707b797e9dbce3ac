import { checkProbability, checkRange } from "../check-options.js";
import { gaussianBlurInto } from "../pixels/blur.js";
import { makeScratch } from "../pixels/scratch.js";
import type { ImageOperation } from "./image-operation.js";

/** Options of {@link gaussianBlur}. */
export interface GaussianBlurOptions {
  /** @default 0.5 */
  readonly probability?: number;
  /** Least and greatest standard deviation, in pixels of the view. @default [0.1, 2] */
  readonly sigma?: readonly [number, number];
}

/**
 * Blurs by chance, with a standard deviation drawn evenly from a range.
 *
 * @throws InvalidOptionError for options out of range.
 */
export function gaussianBlur(options: GaussianBlurOptions): ImageOperation {
  const { probability = 0.5, sigma = [0.1, 2] } = options;
  checkProbability("probability", probability);
  checkRange("sigma", sigma, Number.POSITIVE_INFINITY);
  const scratch = makeScratch();
  return {
    id: "gaussian-blur",
    options: { probability, sigma },
    apply: (image, random) => {
      if (random.uniform() >= probability) return image;
      const out = scratch(image);
      gaussianBlurInto(image, out, sigma[0] + (sigma[1] - sigma[0]) * random.uniform());
      return out;
    },
  };
}
