export {
  type FeatureMap,
  type FeatureMapLine,
  featureMap,
  type MapImages,
} from "./record/feature-map.js";
export { appendJsonLine, keepJsonLines, readJsonLines } from "./record/json-lines.js";
export { type PairedImage, type PairsRecord, pairPicture, pairsIndex } from "./record/pairs-record.js";
export {
  type ProgressLine,
  type ProgressLogOptions,
  type ProgressReading,
  progressLog,
} from "./record/progress-log.js";
export { type RecordRunOptions, recordRun } from "./record/record-run.js";
export { type RunFiles, runFiles } from "./record/run-files.js";
export {
  type LoggedHealth,
  type LoggedStep,
  readStepLog,
  type StepWarning,
  stepLog,
} from "./record/step-log.js";
export { type RunWatch, type WatchOptions, watchRuns } from "./watch-runs.js";
