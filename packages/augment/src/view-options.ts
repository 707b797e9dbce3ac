import { checkOneOf, checkSize } from "./check-options.js";
import { defaultNormalization, type Normalization } from "./normalization.js";

/** Options that all ready-made augmentations share. */
export interface ViewOptions {
  /** Height and width of each view, in pixels. */
  readonly size: number;
  /** Channels of the images and of the views: 1 or 3. @default 3 */
  readonly channels?: number;
  /** The mean of each channel, of values from 0 to 1. @default ImageNet's */
  readonly mean?: readonly number[];
  /** The standard deviation of each channel, of values from 0 to 1. @default ImageNet's */
  readonly std?: readonly number[];
}

/** The shared options, checked and with defaults filled in. */
export function resolveViewOptions({ size, channels = 3, mean, std }: ViewOptions): Required<ViewOptions> {
  checkSize("size", size);
  checkOneOf("channels", channels, [1, 3]);
  const usual: Normalization = defaultNormalization(channels);
  return { size, channels, mean: mean ?? usual.mean, std: std ?? usual.std };
}
