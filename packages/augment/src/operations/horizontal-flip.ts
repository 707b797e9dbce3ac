import { checkProbability } from "../check-options.js";
import { flipHorizontally } from "../pixels/flip.js";
import { makeScratch } from "../pixels/scratch.js";
import type { ImageOperation } from "./image-operation.js";

/** Options of {@link horizontalFlip}. */
export interface HorizontalFlipOptions {
  /** @default 0.5 */
  readonly probability?: number;
}

/**
 * Swaps left and right by chance.
 *
 * @throws InvalidOptionError for options out of range.
 */
export function horizontalFlip(options: HorizontalFlipOptions): ImageOperation {
  const { probability = 0.5 } = options;
  checkProbability("probability", probability);
  const scratch = makeScratch();
  return {
    id: "horizontal-flip",
    options: { probability },
    apply: (image, random) => {
      if (random.uniform() >= probability) return image;
      const out = scratch(image);
      flipHorizontally(image, out);
      return out;
    },
  };
}
