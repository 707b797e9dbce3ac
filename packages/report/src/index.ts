export { formatTable } from "./format-table.js";
export { renderReport } from "./render-report.js";
export type {
  BlockResultV1,
  CollapseIndicatorsV1,
  LossCurveV1,
  ResultsV1,
  RunNameV1,
  RunResultV1,
  ScoreV1,
  TrainResultV1,
} from "./results-v1.js";
