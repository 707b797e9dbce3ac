export type { BatchPart } from "./batch-workers/batch-part.js";
export type { BatchWorkersOptions } from "./batch-workers/batch-workers-options.js";
export type {
  BlockWorkerPlace,
  BlockWorkerPlugins,
  BlockWorkerSetup,
  BlockWorkersOptions,
  NetworkRecipe,
} from "./block-workers/block-workers-options.js";
export {
  type CheckpointRequest,
  latestCheckpoint,
  loadCheckpoint,
  saveCheckpoint,
} from "./checkpoint/checkpoints.js";
export { fromStored, type StoredTensor, storedShape, toStored } from "./checkpoint/stored-layout.js";
export { perBlock } from "./combinators/per-block.js";
export { type WeightedLoss, weightedSum } from "./combinators/weighted-sum.js";
export { type BalanceOptions, balancePartition } from "./cost/balance-partition.js";
export { type BlockCost, type ByPart, describeCosts } from "./cost/describe-costs.js";
export {
  type MeasuredActivations,
  type MeasureOptions,
  measureActivations,
} from "./cost/measure-activations.js";
export { measureSpeed } from "./cost/measure-speed.js";
export type { FrozenOutputsCounts, FrozenOutputsOptions } from "./frozen-outputs/frozen-outputs.js";
export type { GradientRequest } from "./learner/block-gradients.js";
export {
  BlockLearner,
  type BlockLearnerOptions,
  type BlockStepRequest,
  type FeatureObserver,
} from "./learner/block-learner.js";
export type { BlockCounters, BlockState } from "./learner/block-state.js";
export { initialTensor } from "./learner/initialize.js";
export { addNoise, type NoiseOptions } from "./learner/noise.js";
export type { OpenStep } from "./learner/open-step.js";
export { effectiveRank } from "./meters/effective-rank.js";
export { type HealthWarning, healthWarnings, type WatchedBlock } from "./meters/health-warnings.js";
export { meanAbsoluteCorrelation } from "./meters/mean-absolute-correlation.js";
export { defaultMeters, type MeterOptions } from "./meters/measure-health.js";
export {
  calibrateProbe,
  type DepthTables,
  extractFeatures,
  type ImagePass,
  type NetworkPass,
  type SourcePass,
} from "./probe/extract-features.js";
export {
  createFeatureLoader,
  type FeatureBatch,
  type FeatureLoader,
  type FeatureLoaderOptions,
} from "./probe/feature-loader.js";
export {
  createFeatureProbe,
  type DepthFeatures,
  type FeatureProbe,
  type FeatureProbeOptions,
  type ProbeDepth,
} from "./probe/feature-probe.js";
export {
  type LearningFractions,
  type LearningWindow,
  type ResolvedTimetable,
  resolveTimetable,
  type Timetable,
} from "./timetable/timetable.js";
export { type BlockTurn, type StepPlan, turnsAt } from "./timetable/turns-at.js";
export { describeConfiguration } from "./trainer/describe-configuration.js";
export { type NetworkStep, type NetworkTurn, stepNetwork } from "./trainer/step-network.js";
export {
  type CheckpointOptions,
  createTrainer,
  type Trainer,
  type TrainerOptions,
  type TrainingResult,
} from "./trainer/trainer.js";
export { exportWeights } from "./weights/export-weights.js";
export { type ImportedWeights, importWeights } from "./weights/import-weights.js";
export { adoptWeights } from "./wiring/adopt-weights.js";
export {
  type BlockDefinition,
  type BlockPlace,
  defineBlocks,
  type NamedLayer,
  type NetworkOptions,
  type PerBlock,
} from "./wiring/block-definition.js";
export { createNetwork, type LearningOptions, type Network } from "./wiring/network.js";
export { type BlockUnits, type Partition, partitionBackbone } from "./wiring/partition.js";
export { requirePlugin } from "./wiring/require-plugin.js";
