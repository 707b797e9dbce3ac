import { formatSignificant } from "../format-number.js";
import { type Html, html } from "../page/html.js";
import { table } from "../page/table.js";
import type { BlockResultV1, ResultsV1 } from "../results-v1.js";
import { runLabel } from "../summary.js";

/** How much of their space the features use, block by block. */
export function collapseSection(results: ResultsV1): Html {
  const groups = results.runs.flatMap((run) => {
    const rows = run.blocks.flatMap(collapseRow);
    return rows.length === 0 ? [] : [{ title: runLabel(run), rows }];
  });
  if (groups.length === 0) return html``;
  return html`<h2>Collapse indicators</h2>
<p class="muted">Collapsed features have a deviation near 0, an effective rank near 1 and correlations near 1.</p>
${table({
  caption: "Over the held-out split's pooled features",
  head: ["Block", "Deviation", "Effective rank", "Mean |correlation|"],
  groups,
})}`;
}

function collapseRow({ block, collapse }: BlockResultV1): readonly (readonly string[])[] {
  if (collapse === undefined) return [];
  const { standardDeviation, effectiveRank, meanAbsoluteCorrelation, dimension } = collapse;
  const of = dimension === undefined ? "" : ` of ${dimension}`;
  return [
    [
      block,
      formatSignificant(standardDeviation),
      `${formatSignificant(effectiveRank)}${of}`,
      formatSignificant(meanAbsoluteCorrelation),
    ],
  ];
}
