import type { NoiseOptions, PerBlock } from "@blockwise/core";
import type {
  AugmentationV1,
  BackboneV1,
  HeadV1,
  LocalLossV1,
  OptimizerV1,
  ProjectorV1,
  ScheduleV1,
} from "@blockwise/spec";
import type { ImageResolvedConfig } from "../config/schema.js";
import type { InputStatistics } from "./input-statistics.js";
import { createBackbone } from "./plugins/backbone.js";
import { createHead } from "./plugins/head.js";
import { createLoss } from "./plugins/loss.js";
import { createOptimizer } from "./plugins/optimizer.js";
import { perBlockChoice } from "./plugins/per-block-choice.js";
import { createProjector } from "./plugins/projector.js";
import { createSchedule } from "./plugins/schedule.js";
import { createEvaluationView, createTrainingViews } from "./plugins/views.js";

/** The plugins that a configuration names. */
export interface RunPlugins {
  readonly backbone: BackboneV1;
  readonly head: PerBlock<HeadV1>;
  readonly projector: PerBlock<ProjectorV1>;
  readonly loss: PerBlock<LocalLossV1>;
  readonly noise: PerBlock<NoiseOptions | null>;
  readonly optimizer: OptimizerV1;
  readonly schedule: ScheduleV1;
  /** Random views for training. */
  readonly trainingViews: AugmentationV1;
  /** One fixed view for evaluation. */
  readonly evaluationView: AugmentationV1;
}

/**
 * Makes the plugins of a run on images with such statistics.
 *
 * @throws InvalidOptionError; IncompatibleSpecVersionError for a package that makes another kind of plugin.
 */
export async function createPlugins(
  config: ImageResolvedConfig,
  statistics: InputStatistics,
): Promise<RunPlugins> {
  return {
    backbone: await createBackbone(config.network, statistics.channels),
    head: await perBlockChoice("head", config.head, createHead),
    projector: await perBlockChoice("projector", config.projector, createProjector),
    loss: await perBlockChoice("loss", config.loss, createLoss),
    noise: await perBlockChoice("noise", config.noise, (noise) => noise),
    optimizer: await createOptimizer(config.optimizer),
    schedule: await createSchedule(config),
    trainingViews: await createTrainingViews(config, statistics),
    evaluationView: createEvaluationView(config, statistics),
  };
}
