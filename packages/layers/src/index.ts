export {
  type BatchNormLayer,
  type BatchNormOptions,
  type BatchNormParameters,
  type BatchNormStatistics,
  batchNorm,
  type DescribedNorm,
  type NormalizingOperation,
} from "./batch-norm.js";
export { type ChainCost, chainCost } from "./chain-cost.js";
export { type ConvolutionOptions, convolution } from "./convolution.js";
export type { DescribedLayer } from "./described-layer.js";
export { kaimingNormalFanOut, torchDefault } from "./initializers.js";
export { type LinearOptions, linear } from "./linear.js";
