import type { AugmentationV1 } from "@blockwise/spec";
import { compose } from "./compose.js";
import { horizontalFlip } from "./operations/horizontal-flip.js";
import { randomResizedCrop } from "./operations/random-resized-crop.js";
import type { Interpolation } from "./pixels/resample.js";
import { recipe } from "./recipe.js";
import { resolveViewOptions, type ViewOptions } from "./view-options.js";

/** Options of {@link trainCropView}: plain JSON. */
export interface TrainCropViewOptions extends ViewOptions {
  /** Least and greatest share of the image's area in the crop. @default [0.08, 1] */
  readonly scale?: readonly [number, number];
  /** Least and greatest width over height of the crop. @default [3 / 4, 4 / 3] */
  readonly ratio?: readonly [number, number];
  /** @default "bicubic" */
  readonly interpolation?: Interpolation;
  /** Probability of a flip; 0 for digits and letters. @default 0.5 */
  readonly flip?: number;
}

/**
 * One view: a random resized crop and a flip by chance, as for training a linear probe on augmented images.
 *
 * @throws InvalidOptionError for options out of range.
 */
export function trainCropView(options: TrainCropViewOptions): AugmentationV1 {
  const shared = resolveViewOptions(options);
  const { size, channels, mean, std } = shared;
  const { scale = [0.08, 1], ratio = [3 / 4, 4 / 3], interpolation = "bicubic", flip = 0.5 } = options;
  return compose({
    id: "train-crop-view",
    options: { ...shared, scale, ratio, interpolation, flip },
    views: [
      [randomResizedCrop({ size, scale, ratio, interpolation }), horizontalFlip({ probability: flip })],
    ],
    shape: { height: size, width: size, channels },
    normalization: { mean, std },
    recipe: recipe("trainCropView"),
  });
}
