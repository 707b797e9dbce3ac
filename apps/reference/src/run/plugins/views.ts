import { barlowTwinsViews, evaluationView } from "@blockwise/augment";
import type { AugmentationV1 } from "@blockwise/spec";
import type { ImageResolvedConfig } from "../../config/schema.js";
import type { InputStatistics } from "../input-statistics.js";

/** Two random views for training. @throws InvalidOptionError */
export function createTrainingViews(
  config: ImageResolvedConfig,
  { channels, mean, std }: InputStatistics,
): AugmentationV1 {
  const { minimumScale, flip, blur, solarize, jitter } = config.augmentation;
  const [brightness, contrast, saturation, hue] = jitter;
  return barlowTwinsViews({
    size: config.data.imageSize,
    channels,
    mean,
    std,
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
