import { formatPercent } from "../format-number.js";
import { type Html, html } from "../page/html.js";
import { type TableGroup, table } from "../page/table.js";
import type { ResultsV1, RunResultV1 } from "../results-v1.js";
import type { CorruptionResultV1 } from "../robustness-v1.js";
import { runLabel } from "../summary.js";

type Block = CorruptionResultV1["blocks"][number];

/** How many images are taken for others once they are corrupted: by run and block, for the runs that were scored so. */
export function corruptionsSection({ runs }: ResultsV1): Html {
  const scored = runs.flatMap((run) =>
    run.corruptions === undefined ? [] : [{ run, result: run.corruptions }],
  );
  if (scored.length === 0) return html``;
  const blocks = [...new Set(scored.flatMap(({ result }) => result.blocks.map(({ block }) => block)))];
  return html`<h2>Corrupted images</h2>
<p class="muted">Linear probes on clean training features, scored on held-out images under noise, blur, weather and compression. A share of a baseline's errors below 100 % is better than the baseline.</p>
${table({
  caption: "Errors of linear probes on pooled features, in percent, mean over severities",
  head: ["Images", ...blocks],
  groups: scored.map(({ run, result }) => meansOf(run, result, blocks)),
})}
${scored.map(({ run, result }) => severitiesOf(run, result))}`;
}

function meansOf(
  run: RunResultV1,
  { against, blocks }: CorruptionResultV1,
  names: readonly string[],
): TableGroup {
  const row = (title: string, of: (block: Block) => number | null | undefined): readonly string[] => [
    title,
    ...names.map((name) => {
      const block = blocks.find((one) => one.block === name);
      return formatPercent(block === undefined ? undefined : of(block));
    }),
  ];
  return {
    title: runLabel(run),
    rows: [
      row("clean", ({ clean }) => clean),
      ...corruptionsOf(blocks).map((name) =>
        row(name, ({ byCorruption }) => meanOf(byCorruption[name] ?? [])),
      ),
      row("mean corruption error", ({ mean }) => mean),
      ...(against === null
        ? []
        : [
            row(`mCE, % of ${against}`, (block) => block.against?.meanCorruptionError),
            row(`relative mCE, % of ${against}`, (block) => block.against?.relativeMeanCorruptionError),
          ]),
    ],
  };
}

function severitiesOf(run: RunResultV1, { severities, blocks }: CorruptionResultV1): Html {
  const last = blocks.at(-1);
  if (last === undefined) return html``;
  return html`<details><summary>By severity: ${runLabel(run)}, ${last.block}</summary>
${table({
  caption: `Errors of ${runLabel(run)} at ${last.block} by severity, in percent`,
  head: ["Corruption", ...severities.map(String)],
  groups: [
    {
      rows: Object.entries(last.byCorruption).map(([name, errors]) => [
        name,
        ...severities.map((_, index) => formatPercent(errors[index])),
      ]),
    },
  ],
})}</details>`;
}

function corruptionsOf(blocks: readonly Block[]): readonly string[] {
  return [...new Set(blocks.flatMap(({ byCorruption }) => Object.keys(byCorruption)))];
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
