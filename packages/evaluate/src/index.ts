export {
  type DescribeFeaturesOptions,
  describeFeatures,
  type FeatureDescription,
} from "./describe-features.js";
export { type KNearestNeighborsOptions, kNearestNeighbors } from "./k-nearest-neighbors.js";
export { type LinearProbeOptions, linearProbe } from "./linear-probe.js";
export { pixelFeatures } from "./pixel-features.js";
