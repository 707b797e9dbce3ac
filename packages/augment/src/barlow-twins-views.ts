import { type AugmentationV1, InvalidOptionError } from "@blockwise/spec";
import { compose } from "./compose.js";
import { colorJitter } from "./operations/color-jitter.js";
import { gaussianBlur } from "./operations/gaussian-blur.js";
import { horizontalFlip } from "./operations/horizontal-flip.js";
import type { ImageOperation } from "./operations/image-operation.js";
import { randomGrayscale } from "./operations/random-grayscale.js";
import { randomResizedCrop } from "./operations/random-resized-crop.js";
import { solarize } from "./operations/solarize.js";
import type { Interpolation } from "./pixels/resample.js";
import { recipe } from "./recipe.js";
import { resolveViewOptions, type ViewOptions } from "./view-options.js";

/** Options of {@link barlowTwinsViews}: plain JSON. Pairs are one number a view. */
export interface BarlowTwinsViewsOptions extends ViewOptions {
  /** Least and greatest share of the image's area in the crop. @default [0.08, 1] */
  readonly scale?: readonly [number, number];
  /** Least and greatest width over height of the crop. @default [3 / 4, 4 / 3] */
  readonly ratio?: readonly [number, number];
  /** @default "bicubic" */
  readonly interpolation?: Interpolation;
  /** Probability of a flip; 0 for digits and letters. @default 0.5 */
  readonly flip?: number;
  /** Probability of the colour jitter. @default 0.8 */
  readonly jitter?: number;
  /** Strength of the jitter. @default 0.4 */
  readonly brightness?: number;
  /** Strength of the jitter. @default 0.4 */
  readonly contrast?: number;
  /** Strength of the jitter; without effect on grey images. @default 0.2 */
  readonly saturation?: number;
  /** Strength of the jitter, as a share of a full turn; without effect on grey images. @default 0.1 */
  readonly hue?: number;
  /** Probability of taking the colour away; without effect on grey images. @default 0.2 */
  readonly grayscale?: number;
  /** Probability of a blur, one a view; [0, 0] is usual at 32 pixels. @default [1, 0.1] */
  readonly blur?: readonly [number, number];
  /** Least and greatest standard deviation of the blur, in pixels of the view. @default [0.1, 2] */
  readonly blurSigma?: readonly [number, number];
  /** Probability of solarising, one a view. @default [0, 0.2] */
  readonly solarize?: readonly [number, number];
}

/**
 * The two asymmetric views of Barlow Twins, which blockwise training takes over: crop, flip, colour jitter, grayscale,
 * blur, solarise, normalise, in this order.
 *
 * | | view 1 | view 2 |
 * |---|---|---|
 * | random resized crop, bicubic, area 0.08 to 1 | always | always |
 * | horizontal flip | 0.5 | 0.5 |
 * | colour jitter 0.4, 0.4, 0.2, 0.1 | 0.8 | 0.8 |
 * | grayscale | 0.2 | 0.2 |
 * | Gaussian blur, standard deviation 0.1 to 2 | 1 | 0.1 |
 * | solarise from 128 | 0 | 0.2 |
 *
 * @throws InvalidOptionError for options out of range.
 * @see Zbontar et al., Barlow Twins: self-supervised learning via redundancy reduction, 2021, arXiv 2103.03230,
 *   section 2.2; facebookresearch/barlowtwins, main.py, class Transform
 */
export function barlowTwinsViews(options: BarlowTwinsViewsOptions): AugmentationV1 {
  const shared = resolveViewOptions(options);
  const { size, channels, mean, std } = shared;
  const { scale = [0.08, 1], ratio = [3 / 4, 4 / 3], interpolation = "bicubic", flip = 0.5 } = options;
  const { jitter = 0.8, brightness = 0.4, contrast = 0.4, saturation = 0.2, hue = 0.1 } = options;
  const { grayscale = 0.2, blur = [1, 0.1], blurSigma = [0.1, 2] } = options;
  const { solarize: solarization = [0, 0.2] } = options;
  checkPair("blur", blur);
  checkPair("solarize", solarization);
  const operations = (view: 0 | 1): readonly ImageOperation[] => [
    randomResizedCrop({ size, scale, ratio, interpolation }),
    horizontalFlip({ probability: flip }),
    colorJitter({ probability: jitter, brightness, contrast, saturation, hue }),
    randomGrayscale({ probability: grayscale }),
    gaussianBlur({ probability: blur[view], sigma: blurSigma }),
    solarize({ probability: solarization[view] }),
  ];
  return compose({
    id: "barlow-twins-views",
    options: {
      ...shared,
      scale,
      ratio,
      interpolation,
      flip,
      jitter,
      brightness,
      contrast,
      saturation,
      hue,
      grayscale,
      blur,
      blurSigma,
      solarize: solarization,
    },
    views: [operations(0), operations(1)],
    shape: { height: size, width: size, channels },
    normalization: { mean, std },
    recipe: recipe("barlowTwinsViews"),
  });
}

function checkPair(option: string, pair: readonly [number, number]): void {
  if (Array.isArray(pair) && pair.length === 2 && pair.every((value) => value >= 0 && value <= 1)) return;
  throw new InvalidOptionError({ option, expected: "two probabilities, one a view", received: pair });
}
