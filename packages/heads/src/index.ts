export { type ConvolutionExpansionOptions, convolutionExpansion } from "./convolution-expansion.js";
export { globalPool } from "./global-pool.js";
export { type LocalPoolOptions, localPool } from "./local-pool.js";
export { type MlpProjectorOptions, mlpProjector } from "./mlp-projector.js";
