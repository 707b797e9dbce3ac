import { lineChart } from "../chart/line-chart.js";
import { formatSignificant } from "../format-number.js";
import { type Html, html } from "../page/html.js";
import { table } from "../page/table.js";
import type { LossCurveV1, ResultsV1 } from "../results-v1.js";
import { runLabel } from "../summary.js";

/** More rows say no more than the chart does. */
const tableRows = 12;

/** The loss of each block over the steps, a chart for each run that was trained. */
export function lossCurvesSection(results: ResultsV1): Html {
  const charts = results.runs.flatMap((run, index) => {
    const curves = run.train?.lossCurve ?? [];
    return curves.some(({ steps }) => steps.length > 0) ? [lossChart(runLabel(run), index, curves)] : [];
  });
  return charts.length === 0 ? html`` : html`<h2>Loss by block</h2>${charts}`;
}

function lossChart(label: string, index: number, curves: readonly LossCurveV1[]): Html {
  const steps = [...new Set(curves.flatMap((curve) => curve.steps))].sort((a, b) => a - b);
  const series = curves.map((curve) => {
    const byStep = new Map(curve.steps.map((step, position) => [step, curve.loss[position] ?? null]));
    return { name: curve.block, values: steps.map((step) => byStep.get(step) ?? null) };
  });
  const shown = evenlySpaced(steps.length, tableRows);
  return lineChart({
    id: `loss-${index}`,
    title: `Loss, ${label}`,
    description: `Local loss over ${steps.length} recorded steps, one line a block; blocks may differ in scale.`,
    horizontalTitle: "step",
    verticalTitle: "loss",
    positions: steps,
    series,
    table: table({
      caption: `Loss, ${label}, at ${shown.length} of ${steps.length} recorded steps`,
      head: ["Step", ...series.map(({ name }) => name)],
      groups: [
        {
          rows: shown.map((position) => [
            String(steps[position]),
            ...series.map(({ values }) => formatSignificant(values[position])),
          ]),
        },
      ],
    }),
  });
}

/** At most `count` positions from 0 to `length - 1`, the first and the last among them. */
function evenlySpaced(length: number, count: number): readonly number[] {
  if (length <= count) return Array.from({ length }, (_, position) => position);
  return Array.from({ length: count }, (_, index) => Math.round((index * (length - 1)) / (count - 1)));
}
