import { checkBetween, checkProbability } from "../check-options.js";
import { makeScratch } from "../pixels/scratch.js";
import { solarizeAbove } from "../pixels/solarize.js";
import type { ImageOperation } from "./image-operation.js";

/** Options of {@link solarize}. */
export interface SolarizeOptions {
  /** @default 0.2 */
  readonly probability?: number;
  /** The least value that is inverted, of 255. @default 128 */
  readonly threshold?: number;
}

/**
 * Inverts the bright values by chance.
 *
 * @throws InvalidOptionError for options out of range.
 */
export function solarize(options: SolarizeOptions): ImageOperation {
  const { probability = 0.2, threshold = 128 } = options;
  checkProbability("probability", probability);
  checkBetween("threshold", threshold, 0, 256);
  const scratch = makeScratch();
  return {
    id: "solarize",
    options: { probability, threshold },
    apply: (image, random) => {
      if (random.uniform() >= probability) return image;
      const out = scratch(image);
      solarizeAbove(image, out, threshold);
      return out;
    },
  };
}
