export { type AdamWOptions, adamW } from "./adam-w.js";
export { constant } from "./constant.js";
export { type LarsOptions, lars } from "./lars.js";
export { type LearningRateFactorsOptions, learningRateFactors } from "./learning-rate-factors.js";
export { type SgdOptions, sgd } from "./sgd.js";
export { type WarmupCosineOptions, warmupCosine } from "./warmup-cosine.js";
