export type { DepthFeatureTables } from "./feature-rows.js";
export {
  type FeatureFileOptions,
  featureFileEndings,
  type WrittenFeatures,
  writeFeatures,
} from "./write-features.js";
