import type { Html } from "../page/html.js";
import { table } from "../page/table.js";
import { type LineChartOptions, lineChart } from "./line-chart.js";

/** More rows say no more than the chart does. */
const tableRows = 12;

/** A value that was recorded at some steps. */
export interface StepsCurve {
  /** What the legend calls it. */
  readonly name: string;
  /** From 0, ascending. */
  readonly steps: readonly number[];
  /** One a step. */
  readonly values: readonly (number | null)[];
}

/** Options of {@link stepsChart}. */
export interface StepsChartOptions extends Pick<LineChartOptions, "layout" | "isLive"> {
  /** Unique in the page. */
  readonly id: string;
  /** The heading above it. */
  readonly title: string;
  /** What it shows, in words, given how many steps there are. */
  readonly description: (stepCount: number) => string;
  /** What the vertical axis shows, with its unit. */
  readonly verticalTitle: string;
  /** One a line, in the order of the legend. */
  readonly curves: readonly StepsCurve[];
  /** A value as the table writes it. */
  readonly format: (value: number | null | undefined) => string;
}

/** Curves over the steps of a run, on one axis, as a chart and as a table of some of the steps. */
export function stepsChart(chart: StepsChartOptions): Html {
  const { id, title, verticalTitle, curves, format, layout = "full", isLive = false } = chart;
  const steps = [...new Set(curves.flatMap((curve) => curve.steps))].sort((a, b) => a - b);
  const series = curves.map((curve) => {
    const byStep = new Map(curve.steps.map((step, position) => [step, curve.values[position] ?? null]));
    return { name: curve.name, values: steps.map((step) => byStep.get(step) ?? null) };
  });
  const shown = evenlySpaced(steps.length, tableRows);
  return lineChart({
    id,
    title,
    description: chart.description(steps.length),
    horizontalTitle: "step",
    verticalTitle,
    layout,
    isLive,
    positions: steps,
    series,
    table: table({
      caption: `${title}, at ${shown.length} of ${steps.length} recorded steps`,
      head: ["Step", ...series.map(({ name }) => name)],
      groups: [
        {
          rows: shown.map((position) => [
            String(steps[position]),
            ...series.map(({ values }) => format(values[position])),
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
