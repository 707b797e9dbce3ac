import { lineChart } from "../chart/line-chart.js";
import { formatPercent } from "../format-number.js";
import { type Html, html } from "../page/html.js";
import { table } from "../page/table.js";
import type { ResultsV1 } from "../results-v1.js";
import { blockNames, blockOf, runLabel, scores } from "../summary.js";

/** Runs by blocks, as a table and as a chart, beside the controls. */
export function accuracySection(results: ResultsV1): Html {
  const blocks = blockNames(results);
  const pixels = results.controls.pixels.top1;
  const groups = scores.map(({ title, of, comparesWithPixels }) => ({
    title,
    rows: [
      ...results.runs.map((run) => [
        runLabel(run),
        ...blocks.map((name) => {
          const block = blockOf(run, name);
          return formatPercent(block === undefined ? undefined : of(block));
        }),
      ]),
      ...(comparesWithPixels
        ? [["raw pixels", formatPercent(pixels), ...blocks.slice(1).map(() => "")]]
        : []),
    ],
  }));
  return html`<h2>Accuracy by block</h2>
${table({ caption: "Top-1 accuracy on the held-out split, in percent", head: ["Run", ...blocks], groups })}
${probeChart(results, blocks)}`;
}

function probeChart(results: ResultsV1, blocks: readonly string[]): Html {
  const [probe] = scores;
  const series = [
    ...results.runs.map((run) => ({
      name: runLabel(run),
      values: blocks.map((name) => {
        const block = blockOf(run, name);
        return (block === undefined ? undefined : probe?.of(block)) ?? null;
      }),
    })),
    { name: "raw pixels", values: blocks.map(() => results.controls.pixels.top1), plain: true },
  ];
  return lineChart({
    id: "probe",
    title: "Linear probe by block",
    description: "Held-out accuracy of a linear probe on each block's pooled features, one line a run.",
    horizontalTitle: "block",
    verticalTitle: "top-1, %",
    positions: blocks,
    series,
    table: table({
      caption: "Linear probe on pooled features, top-1 in percent",
      head: ["Block", ...series.map(({ name }) => name)],
      groups: [
        {
          rows: blocks.map((name, index) => [
            name,
            ...series.map(({ values }) => formatPercent(values[index])),
          ]),
        },
      ],
    }),
  });
}
