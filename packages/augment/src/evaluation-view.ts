import type { AugmentationV1 } from "@blockwise/spec";
import { compose } from "./compose.js";
import { resizeAndCenterCrop } from "./operations/resize-and-center-crop.js";
import type { Interpolation } from "./pixels/resample.js";
import { recipe } from "./recipe.js";
import { resolveViewOptions, type ViewOptions } from "./view-options.js";

/** Options of {@link evaluationView}: plain JSON. */
export interface EvaluationViewOptions extends ViewOptions {
  /** The view's side as a share of the resized image's shorter side; 0.875 is usual at 224. @default 1 */
  readonly cropFraction?: number;
  /** @default "bicubic" */
  readonly interpolation?: Interpolation;
}

/**
 * One view without chance: resized, cut out of the middle, normalised.
 *
 * @throws InvalidOptionError for options out of range.
 */
export function evaluationView(options: EvaluationViewOptions): AugmentationV1 {
  const shared = resolveViewOptions(options);
  const { size, channels, mean, std } = shared;
  const { cropFraction = 1, interpolation = "bicubic" } = options;
  return compose({
    id: "evaluation-view",
    options: { ...shared, cropFraction, interpolation },
    views: [[resizeAndCenterCrop({ size, cropFraction, interpolation })]],
    shape: { height: size, width: size, channels },
    normalization: { mean, std },
    recipe: recipe("evaluationView"),
  });
}
