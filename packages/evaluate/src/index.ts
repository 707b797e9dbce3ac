export { countHits, type Hits } from "./count-hits.js";
export {
  type DescribeFeaturesOptions,
  describeFeatures,
  type FeatureDescription,
} from "./describe-features.js";
export { type KNearestNeighborsOptions, kNearestNeighbors } from "./k-nearest-neighbors.js";
export { type LinearProbeOptions, linearProbe } from "./linear-probe.js";
export { pixelFeatures } from "./pixel-features.js";
export { type ClassifierScore, scoreClassifier } from "./score-classifier.js";
export {
  type SoftmaxClassifier,
  type SoftmaxClassifierOptions,
  type SoftmaxClassifierState,
  softmaxClassifier,
} from "./softmax-classifier.js";
