export { checkGradients, type GradientCheck, type GradientCheckOptions } from "./check-gradients.js";
export { describeLocalLoss, type LocalLossDescription, type LocalLossGolden } from "./describe-local-loss.js";
export { evaluateLocalLoss, type LocalLossValues } from "./evaluate-local-loss.js";
export { createLayerSubject, type LayerCall, type LayerSubject } from "./layer-subject.js";
export { type LocalLossCheck, localLossChecks } from "./local-loss-checks.js";
export {
  createSubject,
  disposeSubject,
  type LocalLossSubject,
  lossInput,
  randomViews,
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
