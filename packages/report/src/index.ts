export { formatTable } from "./format-table.js";
export { renderReport } from "./render-report.js";
export type {
  BlockResultV1,
  CollapseIndicatorsV1,
  LossCurveV1,
  OnlineCurveV1,
  ResultsV1,
  RunNameV1,
  RunResultV1,
  ScoreV1,
  TrainResultV1,
} from "./results-v1.js";
export type { CorruptionResultV1, SimilarityResultV1 } from "./robustness-v1.js";
export { formatSweepTable } from "./sweep/format-sweep-table.js";
export { renderSweepReport } from "./sweep/render-sweep-report.js";
export type { SweepControlV1, SweepResultsV1, SweepRowV1, SweepRunV1 } from "./sweep/sweep-results-v1.js";
