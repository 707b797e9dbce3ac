import {
  adoptWeights,
  createTrainer,
  type Network,
  type Trainer,
  type TrainerOptions,
} from "@blockwise/core";
import { crossEntropy } from "@blockwise/loss-cross-entropy";
import { learningRateFactors, sgd, warmupCosine } from "@blockwise/optim";
import type { AugmentationV1, DataSourceV1, LocalLossV1, ProjectorV1 } from "@blockwise/spec";
import type { FineTuneSettings } from "../config/sections/fine-tune.js";
import type { OpenedRun } from "../run/open-run.js";
import { type CutNetwork, cutNetwork } from "./cut-network.js";

/** What to train on from. */
export interface FineTunerOptions {
  readonly run: Pick<OpenedRun, "config" | "engine">;
  /** The run's network; read, and left as it is. */
  readonly network: Network;
  readonly train: DataSourceV1;
  readonly views: AugmentationV1;
  readonly settings: FineTuneSettings;
  readonly callbacks?: TrainerOptions["callbacks"];
  readonly checkpoints?: string;
  readonly signal?: AbortSignal;
}

/** A trainer of a run's network, end to end, with a new linear classifier. */
export interface FineTuner {
  readonly trainer: Trainer;
  readonly cut: CutNetwork;
  readonly stepsPerEpoch: number;
}

/**
 * Wires end-to-end training with cross-entropy from a run's weights: the backbone up to a stage and a new linear
 * classifier, each at its own rate, batch norms in training mode.
 *
 * @throws InvalidOptionError, ShapeMismatchError
 */
export function createFineTuner(options: FineTunerOptions): FineTuner {
  const { run, network, train, views, settings, callbacks = [], checkpoints, signal } = options;
  const { config, engine } = run;
  const { backboneLearningRate, classifierLearningRate, momentum, weightDecay } = settings;
  const cut = cutNetwork(network, config.evaluation.fineTune);
  const batchSize = Math.min(settings.batchSize, train.size);
  const stepsPerEpoch = Math.floor(train.size / batchSize);
  const trainer = createTrainer({
    engine,
    seed: config.seed,
    backbone: cut.backbone,
    head: cut.head,
    partition: "end-to-end",
    projector: passOn,
    loss: classifierLoss(),
    optimizer: learningRateFactors({
      optimizer: sgd({ momentum, weightDecay, excludeOneDimensional: false }),
      factors: [{ prefix: "loss.", factor: classifierLearningRate / backboneLearningRate }],
    }),
    schedule: warmupCosine({ baseLearningRate: backboneLearningRate, warmupSteps: 0, finalFactor: 0 }),
    source: train,
    augmentation: views,
    batchSize,
    epochs: settings.epochs,
    meters: null,
    callbacks,
    ...(checkpoints === undefined
      ? {}
      : { checkpoints: { directory: checkpoints, everySteps: stepsPerEpoch, keep: 1 } }),
    ...(config.workers === null ? {} : { workers: config.workers }),
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    adoptWeights({ to: trainer.network, from: network, nameIn: cut.nameIn });
  } catch (error) {
    trainer.dispose();
    throw error;
  }
  return { trainer, cut, stepsPerEpoch };
}

/** Cross-entropy of one view, from the start that linear probes have too. */
function classifierLoss(): LocalLossV1 {
  const loss = crossEntropy({ views: 1 });
  return {
    ...loss,
    doInit: (site) => {
      const state = loss.doInit(site);
      return {
        ...state,
        parameters: state.parameters.map((spec) => ({
          ...spec,
          initializer:
            spec.shape.length > 1
              ? ({ kind: "normal", standardDeviation: 0.01 } as const)
              : ({ kind: "zeros" } as const),
        })),
      };
    },
  };
}

/** The classifier sees features as they are. */
const passOn: ProjectorV1 = {
  specificationVersion: "v1",
  kind: "projector",
  id: "pass-on",
  options: {},
  doCreate: () => ({
    parameters: [],
    buffers: [],
    outputShape: (shape) => shape,
    apply: (input) => input.clone(),
  }),
};
