export { checkGradients, type GradientCheck, type GradientCheckOptions } from "./check-gradients.js";
export { describeLocalLoss, type LocalLossDescription } from "./describe-local-loss.js";
export { evaluateLocalLoss, type LocalLossValues } from "./evaluate-local-loss.js";
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
