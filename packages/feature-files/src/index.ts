export type { DepthFeatureTables } from "./feature-rows.js";
export {
  type FeatureFileOptions,
  featureFileEndings,
  featureRowsFile,
  type WrittenFeatures,
  writeFeatures,
} from "./write-features.js";
