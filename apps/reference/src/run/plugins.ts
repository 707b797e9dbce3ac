import { resnet } from "@blockwise/backbone-resnet";
import { mlpProjector } from "@blockwise/heads";
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
import { createHead } from "./plugins/head.js";
import { createLoss } from "./plugins/loss.js";
import { createOptimizer } from "./plugins/optimizer.js";
import { createSchedule } from "./plugins/schedule.js";
import { createEvaluationView, createTrainingViews } from "./plugins/views.js";

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
  return {
    backbone: resnet({ ...config.network, inputChannels: statistics.channels }),
    head: createHead(config.head),
    projector: mlpProjector(config.projector),
    loss: createLoss(config.loss),
    optimizer: createOptimizer(config.optimizer),
    schedule: createSchedule(config),
    trainingViews: createTrainingViews(config, statistics),
    evaluationView: createEvaluationView(config, statistics),
  };
}
