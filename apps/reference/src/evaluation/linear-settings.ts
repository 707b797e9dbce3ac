import { evaluationView, trainCropView } from "@blockwise/augment";
import type { AugmentationV1 } from "@blockwise/spec";
import type { LinearSettings } from "../config/sections/linear.js";
import type { OpenedRun } from "../run/open-run.js";

/** As the authors' `evaluate.py` and `eval.sh` have it. */
const paper: LinearSettings = {
  epochs: 100,
  batchSize: 256,
  learningRate: 0.1,
  momentum: 0.9,
  weightDecay: 1e-6,
  standardize: false,
  minimumScale: 0.08,
  cropFraction: 224 / 256,
};

/** For small images and not many of them: fewer epochs of smaller batches, standardised features, milder crops. */
const smallData: LinearSettings = {
  ...paper,
  epochs: 20,
  batchSize: 64,
  standardize: true,
  minimumScale: 0.2,
  cropFraction: 1,
};

/** The settings that a configuration names, one by one. */
export function linearSettings({ linear }: OpenedRun["config"]["evaluation"]): LinearSettings {
  if (linear === "paper") return paper;
  return linear === "small-data" ? smallData : linear;
}

/** The views that classifiers learn from and are scored on. Mirrored as in training: digits must not be. */
export function classificationViews(
  { config, data }: Pick<OpenedRun, "config" | "data">,
  { minimumScale, cropFraction }: Pick<LinearSettings, "minimumScale" | "cropFraction">,
): { readonly training: AugmentationV1; readonly scoring: AugmentationV1 } {
  const { channels, mean, std } = data.statistics;
  const shared = { size: config.data.imageSize, channels, mean, std, interpolation: "bilinear" } as const;
  return {
    training: trainCropView({
      ...shared,
      scale: [minimumScale, 1],
      flip: config.augmentation.flip ? 0.5 : 0,
    }),
    scoring: evaluationView({ ...shared, cropFraction }),
  };
}
