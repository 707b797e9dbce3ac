export { countHits, type Hits } from "./count-hits.js";
export {
  type DescribeFeaturesOptions,
  describeFeatures,
  type FeatureDescription,
} from "./describe-features.js";
export { type FittedLinearProbe, fitLinearProbe, type LinearProbeFit } from "./fit-linear-probe.js";
export { type KNearestNeighborsOptions, kNearestNeighbors } from "./k-nearest-neighbors.js";
export { type CkaEstimator, type LinearCkaOptions, linearCka, linearCkaMatrix } from "./linear-cka.js";
export { linearProbe } from "./linear-probe.js";
export type { LinearProbeOptions } from "./linear-probe-options.js";
export {
  type OnlineProbe,
  type OnlineProbeOptions,
  type OnlineProbeState,
  type OnlineReadingV1,
  type OnlineScoreV1,
  type OnlineTables,
  onlineProbe,
} from "./online-probe.js";
export type { OnlineSiteState } from "./online-site.js";
export { pixelFeatures } from "./pixel-features.js";
export { type ClassifierScore, scoreClassifier } from "./score-classifier.js";
export {
  type SoftmaxClassifier,
  type SoftmaxClassifierOptions,
  type SoftmaxClassifierState,
  softmaxClassifier,
} from "./softmax-classifier.js";
