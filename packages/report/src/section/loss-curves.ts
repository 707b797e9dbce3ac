import { stepsChart } from "../chart/steps-chart.js";
import { formatSignificant } from "../format-number.js";
import { type Html, html } from "../page/html.js";
import type { LossCurveV1, ResultsV1 } from "../results-v1.js";
import { runLabel } from "../summary.js";

/** The loss of each block over the steps, a chart for each run that was trained. */
export function lossCurvesSection(results: ResultsV1): Html {
  const charts = results.runs.flatMap((run, index) => {
    const curves = run.train?.lossCurve ?? [];
    return curves.some(({ steps }) => steps.length > 0) ? [lossChart(runLabel(run), index, curves)] : [];
  });
  return charts.length === 0 ? html`` : html`<h2>Loss by block</h2>${charts}`;
}

function lossChart(label: string, index: number, curves: readonly LossCurveV1[]): Html {
  return stepsChart({
    id: `loss-${index}`,
    title: `Loss, ${label}`,
    description: (count) =>
      `Local loss over ${count} recorded steps, one line a block; blocks may differ in scale.`,
    verticalTitle: "loss",
    curves: curves.map(({ block, steps, loss }) => ({ name: block, steps, values: loss })),
    format: formatSignificant,
  });
}
