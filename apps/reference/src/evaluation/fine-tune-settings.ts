import type { FineTuneSettings } from "../config/sections/fine-tune.js";
import type { OpenedRun } from "../run/open-run.js";

/** Of facebookresearch/barlowtwins' README and `evaluate.py`, for 1 % of the labels; the paper at hand has no such figures. */
const barlowTwins: FineTuneSettings = {
  epochs: 20,
  batchSize: 256,
  backboneLearningRate: 0.002,
  classifierLearningRate: 0.5,
  momentum: 0.9,
  weightDecay: 0,
  minimumScale: 0.08,
  cropFraction: 224 / 256,
};

/** For small images and not many of them: smaller batches, milder crops, and a backbone that moves faster. */
const smallData: FineTuneSettings = {
  ...barlowTwins,
  batchSize: 32,
  backboneLearningRate: 0.02,
  classifierLearningRate: 0.1,
  minimumScale: 0.2,
  cropFraction: 1,
};

/** The settings that a configuration names, one by one. */
export function fineTuneSettings({
  fineTune: { settings },
}: OpenedRun["config"]["evaluation"]): FineTuneSettings {
  if (settings === "barlow-twins") return barlowTwins;
  return settings === "small-data" ? smallData : settings;
}
