import { checkProbability } from "../check-options.js";
import { toGrayscale } from "../pixels/grayscale.js";
import { makeScratch } from "../pixels/scratch.js";
import type { ImageOperation } from "./image-operation.js";

/** Options of {@link randomGrayscale}. */
export interface RandomGrayscaleOptions {
  /** @default 0.2 */
  readonly probability?: number;
}

/**
 * Takes the colour away by chance: all three channels become the luminance. Grey images stay as they are.
 *
 * @throws InvalidOptionError for options out of range.
 */
export function randomGrayscale(options: RandomGrayscaleOptions): ImageOperation {
  const { probability = 0.2 } = options;
  checkProbability("probability", probability);
  const scratch = makeScratch();
  return {
    id: "random-grayscale",
    options: { probability },
    apply: (image, random) => {
      if (image.channels === 1 || random.uniform() >= probability) return image;
      const out = scratch(image);
      toGrayscale(image, out);
      return out;
    },
  };
}
