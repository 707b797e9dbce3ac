import type { JsonObject } from "@blockwise/spec";
import { lineChart } from "../chart/line-chart.js";
import { formatBytes, formatPercent, formatSeconds, formatSignificant } from "../format-number.js";
import { descriptionList } from "../page/description-list.js";
import { type Html, html } from "../page/html.js";
import { renderPage } from "../page/page.js";
import { table } from "../page/table.js";
import { warningList } from "../page/warning-list.js";
import { requireKnownSchema, scores } from "../summary.js";
import { formatSpread, spreadAt, spreadOf } from "./spread.js";
import type { SweepResultsV1 } from "./sweep-results-v1.js";
import { commonControl, controlLabels, controlNames, depthNames } from "./sweep-summary.js";

/**
 * A sweep as a page that stands alone: each row's scores at every depth with its controls beside it, mean and sample
 * standard deviation over the seeds, a chart, and what it took. The same results give the same page.
 *
 * @returns the text of an HTML file
 * @throws InvalidOptionError where the results are of another schema than 1.
 */
export function renderSweepReport(results: SweepResultsV1): string {
  requireKnownSchema(results);
  return renderPage({
    title: `${results.title} · Blockwise on ${results.dataset}`,
    header: overview(results),
    main: [lastDepthSection(results), depthsSection(results), costSection(results), detailsSection(results)],
  });
}

function overview(results: SweepResultsV1): Html {
  const { title, question, dataset, engine, seeds, startedAt, command } = results;
  const facts: JsonObject = {
    "data set": dataset,
    engine,
    seeds: [...seeds],
    ...(startedAt === undefined ? {} : { started: startedAt }),
    ...(command === undefined ? {} : { command }),
  };
  return html`<h1>${title}</h1>
${question === undefined ? "" : html`<p class="verdict">${question}</p>`}
${warningList(results.warnings ?? [])}
${descriptionList(facts)}`;
}

/** The answer in one table: every row at the last depth, and its controls there. */
function lastDepthSection(results: SweepResultsV1): Html {
  const last = depthNames(results).at(-1) ?? "";
  const controls = controlNames(results);
  const pixels = formatSpread(spreadOf(results.pixels.map(({ top1 }) => top1)));
  const groups = scores.map(({ title, of, comparesWithPixels }) => ({
    title,
    rows: [
      ...results.rows.map((row) => [
        row.name,
        html`<strong>${formatSpread(spreadAt(row.runs, last, of))}</strong>`,
        ...controls.map((name) => formatSpread(spreadAt(row.controls[name], last, of))),
      ]),
      ...(comparesWithPixels && results.pixels.length > 0
        ? [["raw pixels", pixels, ...controls.map(() => "")]]
        : []),
    ],
  }));
  const head = ["Row", "as the row says", ...controls.map((name) => controlLabels[name])];
  return html`<h2>At ${last}</h2>
${table({ caption: caption(results), head, groups })}`;
}

function caption({ seeds }: SweepResultsV1): string {
  const spread =
    seeds.length === 1 ? "one seed" : `mean ± sample standard deviation over ${seeds.length} seeds`;
  return `Top-1 accuracy on the held-out split, in percent; ${spread}`;
}

function depthsSection(results: SweepResultsV1): Html {
  const depths = depthNames(results);
  const controls = controlNames(results);
  const [probe] = scores;
  if (probe === undefined) return html``;
  const groups = results.rows.map((row) => ({
    title: row.name,
    rows: [
      ["as the row says", ...depths.map((depth) => formatSpread(spreadAt(row.runs, depth, probe.of)))],
      ...controls
        .filter((name) => row.controls[name] !== undefined)
        .map((name) => [
          controlLabels[name],
          ...depths.map((depth) => formatSpread(spreadAt(row.controls[name], depth, probe.of))),
        ]),
    ],
  }));
  const lines = [
    ...results.rows.map(({ name, runs }) => ({ name, runs })),
    ...controls.flatMap((name) => {
      const runs = commonControl(results, name);
      return runs === null ? [] : [{ name: controlLabels[name], runs }];
    }),
  ];
  const series = lines.map(({ name, runs }) => ({
    name,
    values: depths.map((depth) => spreadAt(runs, depth, probe.of)?.mean ?? null),
  }));
  return html`<h2>By depth</h2>
${lineChart({
  id: "depths",
  title: probe.title,
  description: "Mean held-out accuracy by depth, one line a row.",
  horizontalTitle: "depth",
  verticalTitle: "top-1, %",
  positions: depths,
  series,
  table: table({
    caption: `${probe.title}, mean top-1 in percent`,
    head: ["Depth", ...series.map(({ name }) => name)],
    groups: [
      {
        rows: depths.map((depth, index) => [
          depth,
          ...series.map(({ values }) => formatPercent(values[index])),
        ]),
      },
    ],
  }),
})}
${table({ caption: `${probe.title}: ${caption(results)}`, head: ["", ...depths], groups })}`;
}

function costSection(results: SweepResultsV1): Html {
  const { runsAtATime } = results;
  const rows = results.rows.map(({ name, runs }) => {
    const trained = runs.flatMap(({ train }) => (train === null ? [] : [train]));
    const mean = (of: (train: (typeof trained)[number]) => number): number | undefined =>
      spreadOf(trained.map(of))?.mean;
    return [
      name,
      formatSignificant(mean(({ steps }) => steps)),
      formatSeconds(mean(({ seconds }) => seconds)),
      formatSignificant(mean(({ pairsPerSecond }) => pairsPerSecond)),
      formatBytes(mean(({ peakMemoryBytes }) => peakMemoryBytes)),
    ];
  });
  const shared =
    runsAtATime === undefined || runsAtATime < 2 ? "" : `, ${runsAtATime} runs at a time on one machine`;
  return html`<h2>Time and memory</h2>
${table({
  caption: `Training, mean over the seeds${shared}`,
  head: ["Row", "Steps", "Time", "Pairs/s", "Peak memory"],
  groups: [{ rows }],
})}`;
}

function detailsSection({ protocol, settings }: SweepResultsV1): Html {
  return html`<h2>How it was run</h2>
<h3>Protocol</h3>${descriptionList(protocol)}
${settings === undefined ? "" : html`<h3>Settings</h3>${descriptionList(settings)}`}`;
}
