export { backboneChecks } from "./backbone/backbone-checks.js";
export type { BackboneUnderTest } from "./backbone/backbone-under-test.js";
export { type BackboneDescription, describeBackbone } from "./backbone/describe-backbone.js";
export { checkGradients, type GradientCheck, type GradientCheckOptions } from "./check-gradients.js";
export { describeLocalLoss, type LocalLossDescription } from "./describe-local-loss.js";
export { evaluateLocalLoss, type LocalLossValues } from "./evaluate-local-loss.js";
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
