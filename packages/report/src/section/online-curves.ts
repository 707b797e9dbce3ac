import { stepsChart } from "../chart/steps-chart.js";
import { formatPercent } from "../format-number.js";
import { type Html, html } from "../page/html.js";
import type { OnlineCurveV1, ResultsV1 } from "../results-v1.js";
import { runLabel } from "../summary.js";

/** What the online probe read of each block over the steps, a chart for each run that had one. */
export function onlineCurvesSection(results: ResultsV1): Html {
  const charts = results.runs.flatMap((run, index) => {
    const curves = run.train?.onlineCurve ?? [];
    return curves.some(({ steps }) => steps.length > 0) ? [onlineChart(runLabel(run), index, curves)] : [];
  });
  return charts.length === 0 ? html`` : html`<h2>Accuracy while training</h2>${charts}`;
}

function onlineChart(label: string, index: number, curves: readonly OnlineCurveV1[]): Html {
  return stepsChart({
    id: `online-${index}`,
    title: `Online probe, ${label}`,
    description: (count) =>
      `Held-out accuracy of a linear classifier that learns on each block's pooled features beside the network, at ${count} steps, one line a block.`,
    verticalTitle: "top-1, %",
    curves: curves.map(({ block, steps, raw }) => ({ name: block, steps, values: raw })),
    format: formatPercent,
  });
}
