import { barlowTwinsViews, evaluationView } from "@blockwise/augment";
import { resnet } from "@blockwise/backbone-resnet";
import { convolutionExpansion, globalPool, mlpProjector } from "@blockwise/heads";
import { barlowTwins } from "@blockwise/loss-barlow-twins";
import { simclr } from "@blockwise/loss-simclr";
import { vicreg } from "@blockwise/loss-vicreg";
import { adamW, lars, sgd, warmupCosine } from "@blockwise/optim";
import type {
  AugmentationV1,
  BackboneV1,
  HeadV1,
  LocalLossV1,
  OptimizerV1,
  ProjectorV1,
  ScheduleV1,
} from "@blockwise/spec";
import type { ResolvedConfig } from "../config/schema.js";
import type { InputStatistics } from "./input-statistics.js";

/** The plugins that a configuration names. */
export interface RunPlugins {
  readonly backbone: BackboneV1;
  readonly head: HeadV1;
  readonly projector: ProjectorV1;
  readonly loss: LocalLossV1;
  readonly optimizer: OptimizerV1;
  readonly schedule: ScheduleV1;
  /** Two random views for training. */
  readonly trainingViews: AugmentationV1;
  /** One fixed view for evaluation. */
  readonly evaluationView: AugmentationV1;
}

/** Makes the plugins of a run on images with such statistics. @throws InvalidOptionError */
export function createPlugins(config: ResolvedConfig, statistics: InputStatistics): RunPlugins {
  const size = config.data.imageSize;
  const { channels, mean, std } = statistics;
  return {
    backbone: resnet({ ...config.network, inputChannels: channels }),
    head: createHead(config.head),
    projector: mlpProjector(config.projector),
    loss: createLoss(config.loss),
    optimizer: createOptimizer(config.optimizer),
    schedule: warmupCosine({ baseLearningRate: config.optimizer.learningRate, ...config.schedule }),
    trainingViews: createTrainingViews(config, statistics),
    evaluationView: evaluationView({ size, channels, mean, std, cropFraction: 1 }),
  };
}

function createHead(head: ResolvedConfig["head"]): HeadV1 {
  return head.kind === "global-pool" ? globalPool() : convolutionExpansion(head);
}

function createLoss(loss: ResolvedConfig["loss"]): LocalLossV1 {
  switch (loss.kind) {
    case "barlow-twins":
      return barlowTwins(loss);
    case "simclr":
      return simclr(loss);
    case "vicreg":
      return vicreg(loss);
  }
}

function createOptimizer(optimizer: ResolvedConfig["optimizer"]): OptimizerV1 {
  switch (optimizer.kind) {
    case "adamw":
      return adamW(optimizer);
    case "sgd":
      return sgd(optimizer);
    case "lars":
      return lars(optimizer);
  }
}

function createTrainingViews(
  config: ResolvedConfig,
  { channels, mean, std }: InputStatistics,
): AugmentationV1 {
  const { minimumScale, flip, blur } = config.augmentation;
  return barlowTwinsViews({
    size: config.data.imageSize,
    channels,
    mean,
    std,
    scale: [minimumScale, 1],
    flip: flip ? 0.5 : 0,
    ...(blur ? {} : { blur: [0, 0] }),
  });
}
