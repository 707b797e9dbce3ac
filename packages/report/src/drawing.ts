export { type LineChartOptions, lineChart, type Series } from "./chart/line-chart.js";
export { type StepsChartOptions, type StepsCurve, stepsChart } from "./chart/steps-chart.js";
export {
  formatBytes,
  formatPercent,
  formatSeconds,
  formatSignificant,
  missing,
} from "./format-number.js";
export { descriptionList } from "./page/description-list.js";
export { type Html, type HtmlValue, html, trustedHtml } from "./page/html.js";
export { type ColorPair, seriesColors } from "./page/palette.js";
export { styleSheet } from "./page/style.js";
export { type TableGroup, table } from "./page/table.js";
