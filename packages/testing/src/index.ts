export { augmentationChecks } from "./augmentation/augmentation-checks.js";
export type { AugmentationUnderTest } from "./augmentation/augmentation-under-test.js";
export { type AugmentationDescription, describeAugmentation } from "./augmentation/describe-augmentation.js";
export { backboneChecks } from "./backbone/backbone-checks.js";
export type { BackboneUnderTest } from "./backbone/backbone-under-test.js";
export { type BackboneDescription, describeBackbone } from "./backbone/describe-backbone.js";
export { checkGradients, type GradientCheck, type GradientCheckOptions } from "./check-gradients.js";
export { dataSourceChecks } from "./data-source/data-source-checks.js";
export { type DataSourceDescription, describeDataSource } from "./data-source/describe-data-source.js";
export { describeLocalLoss, type LocalLossDescription } from "./describe-local-loss.js";
export { evaluateLocalLoss, type LocalLossValues } from "./evaluate-local-loss.js";
export { describeEvaluator, type EvaluatorDescription } from "./evaluator/describe-evaluator.js";
export { evaluatorChecks } from "./evaluator/evaluator-checks.js";
export type { EvaluatorUnderTest } from "./evaluator/feature-tables.js";
export {
  describeHead,
  describeProjector,
  type HeadDescription,
  type ProjectorDescription,
} from "./head/describe-head.js";
export { type HeadUnderTest, headChecks } from "./head/head-checks.js";
export { layerChecks } from "./layer/layer-checks.js";
export type { LayerUnderTest } from "./layer/layer-under-test.js";
export { createLayerSubject, type LayerCall, type LayerSubject } from "./layer-subject.js";
export type { LocalLossCheck } from "./local-loss-check.js";
export { localLossChecks } from "./local-loss-checks.js";
export type { LocalLossGolden } from "./local-loss-golden.js";
export { checkInvariance, type LocalLossInvariance } from "./local-loss-invariance.js";
export {
  createSubject,
  disposeSubject,
  type LocalLossSample,
  type LocalLossSubject,
  lossInput,
  randomSample,
} from "./local-loss-subject.js";
export { measureLeak, type TensorLeak } from "./measure-leak.js";
export { describeOptimizer, type OptimizerDescription } from "./optimizer/describe-optimizer.js";
export { describeSchedule } from "./optimizer/describe-schedule.js";
export { optimizerChecks } from "./optimizer/optimizer-checks.js";
export type { OptimizerUnderTest } from "./optimizer/optimizer-under-test.js";
export { scheduleChecks } from "./optimizer/schedule-checks.js";
export type { EngineChoice, TestEngineName } from "./plugin/engines.js";
export type { PluginCheck } from "./plugin/plugin-check.js";
export type { PluginFactory } from "./plugin/plugin-factory.js";
export { referenceOperations } from "./reference-operations.js";
export {
  compareTensors,
  type NestedNumbers,
  type ReadableTensor,
  type TensorComparison,
  type TensorLike,
  type Tolerance,
} from "./tensor-comparison.js";
export { useCpuBackend } from "./use-cpu-backend.js";
