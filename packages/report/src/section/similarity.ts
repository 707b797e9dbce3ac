import { heatCell } from "../page/heat-cell.js";
import { type Html, html } from "../page/html.js";
import { table } from "../page/table.js";
import type { ResultsV1 } from "../results-v1.js";
import { runLabel } from "../summary.js";

/** How alike blocks are: a heat map for each run that was compared, with its numbers in the cells. */
export function similaritySection({ runs }: ResultsV1): Html {
  const maps = runs.flatMap((run) => {
    const { similarity } = run;
    if (similarity === undefined) return [];
    const { blocks, within, against } = similarity;
    const own = heatMap(`Linear CKA between the blocks of ${runLabel(run)}`, blocks, blocks, within);
    if (against === null) return [own];
    const caption = `Linear CKA of ${runLabel(run)} (rows) with ${against.run} (columns)`;
    return [own, heatMap(caption, blocks, against.blocks, against.matrix)];
  });
  if (maps.length === 0) return html``;
  return html`<h2>Similarity of blocks</h2>
<p class="muted">Features of held-out images that are the same up to rotation and scale have 1, unrelated ones about 0.</p>
${maps}`;
}

function heatMap(
  caption: string,
  rows: readonly string[],
  columns: readonly string[],
  matrix: readonly (readonly number[])[],
): Html {
  return table({
    caption,
    head: ["Block", ...columns],
    groups: [
      {
        rows: rows.map((name, row) => [name, ...columns.map((_, column) => heatCell(matrix[row]?.[column]))]),
      },
    ],
  });
}
