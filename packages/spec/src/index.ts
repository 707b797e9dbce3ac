export type {
  AugmentationV1,
  RandomGenerator,
  RawImage,
  ViewShape,
  WorkerRecipe,
} from "./augmentation/augmentation-v1.js";
export type { BackboneStageV1, BackboneUnitV1, BackboneV1 } from "./backbone/backbone-v1.js";
export type {
  BlockFeaturesV1,
  BlockHealthV1,
  BlockStepV1,
  BlockWorkerReadingV1,
  RunPhaseV1,
  StepEventV1,
  TrainerCallbackV1,
} from "./callback/trainer-callback-v1.js";
export type { DataSourceV1 } from "./data/data-source-v1.js";
export type {
  FileSpans,
  ImageReader,
  PackedImages,
  ReadImage,
  SharedPaths,
  StoredImages,
} from "./data/image-store.js";
export type { BatchExchangeV1 } from "./engine/batch-exchange-v1.js";
export type { EngineMemory, EngineV1 } from "./engine/engine-v1.js";
export type {
  BatchNormEpilogue,
  BatchNormEvaluateOptions,
  BatchNormTrainOptions,
  BatchNormTrainResult,
  ExpandAndPoolEvaluateOptions,
  ExpandAndPoolTrainOptions,
  OperationsV1,
  WindowOptions,
} from "./engine/operations-v1.js";
export type {
  MomentsUpdateV1,
  MomentumUpdateV1,
  ParameterUpdatesV1,
} from "./engine/parameter-updates-v1.js";
export type { RunningStatisticsUpdateV1, StatisticsV1 } from "./engine/running-statistics-v1.js";
export { BlockWorkerError } from "./errors/block-worker-error.js";
export {
  BlockwiseError,
  type BlockwiseErrorCode,
  type BlockwiseErrorOptions,
} from "./errors/blockwise-error.js";
export { CheckpointError } from "./errors/checkpoint-error.js";
export { DataSourceError } from "./errors/data-source-error.js";
export { EngineInstallError, type EngineInstallStep } from "./errors/engine-install-error.js";
export { EngineMemoryError } from "./errors/engine-memory-error.js";
export { EngineUnavailableError } from "./errors/engine-unavailable-error.js";
export { IncompatibleSpecVersionError } from "./errors/incompatible-spec-version-error.js";
export { InvalidOptionError } from "./errors/invalid-option-error.js";
export { MalformedFileError } from "./errors/malformed-file-error.js";
export { MissingStateError } from "./errors/missing-state-error.js";
export { NonFiniteValueError } from "./errors/non-finite-value-error.js";
export { ShapeMismatchError } from "./errors/shape-mismatch-error.js";
export { StorageError } from "./errors/storage-error.js";
export { UnsupportedFileError } from "./errors/unsupported-file-error.js";
export type { EvaluationV1, EvaluatorV1, FeatureTable } from "./evaluator/evaluator-v1.js";
export type { HeadV1, ProjectorV1 } from "./head/head-v1.js";
export type { JsonObject, JsonValue } from "./json.js";
export type {
  BufferSpecV1,
  InitializerV1,
  LayerContextV1,
  LayerV1,
  ParameterLayoutV1,
  ParameterSpecV1,
} from "./layer/layer-v1.js";
export type { LayerValueV1 } from "./layer/layer-value-v1.js";
export type {
  LocalLossCapabilitiesV1,
  LocalLossInputV1,
  LocalLossResultV1,
  LocalLossSiteV1,
  LocalLossStateSpecV1,
  LocalLossV1,
  LocalLossViewV1,
} from "./loss/local-loss-v1.js";
export type {
  OptimizerResultV1,
  OptimizerUpdateV1,
  OptimizerV1,
  ScheduleV1,
  TensorMap,
} from "./optimizer/optimizer-v1.js";
export { type PluginKind, type PluginV1, type SpecificationVersion, specificationVersion } from "./plugin.js";
