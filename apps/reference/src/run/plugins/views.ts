import { barlowTwinsViews, evaluationView } from "@blockwise/augment";
import { type AugmentationV1, ShapeMismatchError } from "@blockwise/spec";
import type { ImageResolvedConfig } from "../../config/schema.js";
import type { InputStatistics } from "../input-statistics.js";
import { pluginFromPackage } from "./from-package.js";

/**
 * Random views for training.
 *
 * @throws InvalidOptionError, and as `pluginFromPackage` does; ShapeMismatchError for a package's views of another size.
 */
export async function createTrainingViews(
  config: ImageResolvedConfig,
  { channels, mean, std }: InputStatistics,
): Promise<AugmentationV1> {
  const { augmentation, data } = config;
  const settled = { size: data.imageSize, channels, mean, std };
  if ("package" in augmentation) {
    const field = "augmentation";
    const views = await pluginFromPackage({ kind: field, field, choice: augmentation, settled });
    requireShape(views, settled);
    return views;
  }
  const { minimumScale, flip, blur, solarize, jitter } = augmentation;
  const [brightness, contrast, saturation, hue] = jitter;
  return barlowTwinsViews({
    ...settled,
    scale: [minimumScale, 1],
    flip: flip ? 0.5 : 0,
    ...(blur === true ? {} : { blur: blur || [0, 0] }),
    solarize,
    brightness,
    contrast,
    saturation,
    hue,
  });
}

/** One fixed view for evaluation. @throws InvalidOptionError */
export function createEvaluationView(
  { data }: ImageResolvedConfig,
  { channels, mean, std }: InputStatistics,
): AugmentationV1 {
  return evaluationView({ size: data.imageSize, channels, mean, std, cropFraction: 1 });
}

/** The network that is trained on these views is scored on others, of the configuration's size. */
function requireShape(
  { shape: { height, width, channels } }: AugmentationV1,
  wanted: { readonly size: number; readonly channels: number },
): void {
  if (height === wanted.size && width === wanted.size && channels === wanted.channels) return;
  throw new ShapeMismatchError({
    subject: "The views of the augmentation",
    expected: `[${wanted.size}, ${wanted.size}, ${wanted.channels}], as data.imageSize and the images say,`,
    received: [height, width, channels],
  });
}
