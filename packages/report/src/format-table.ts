import { formatDifference, formatPercent } from "./format-number.js";
import { formatTextTable } from "./format-text-table.js";
import type { ResultsV1 } from "./results-v1.js";
import { blockNames, blockOf, headline, requireKnownSchema, runLabel, scores } from "./summary.js";

/**
 * The results as a plain-text table for a terminal: top-1 accuracy in percent, runs by blocks, for each kind of
 * score, then how far blockwise training is from random weights and from end to end at the last block.
 *
 * @throws InvalidOptionError where the results are of another schema than 1.
 */
export function formatTable(results: ResultsV1): string {
  requireKnownSchema(results);
  const blocks = blockNames(results);
  const sections = scores.map(({ title, of, comparesWithPixels }) => {
    const rows = results.runs.map((run) => [
      runLabel(run),
      ...blocks.map((name) => {
        const block = blockOf(run, name);
        return formatPercent(block === undefined ? undefined : of(block));
      }),
    ]);
    const pixels = comparesWithPixels ? [["raw pixels", formatPercent(results.controls.pixels.top1)]] : [];
    return { title: `${title} (top-1, %)`, rows: [...rows, ...pixels] };
  });
  return `${[formatTextTable(["", ...blocks], sections), describeHeadline(results)].filter((part) => part !== "").join("\n\n")}\n`;
}

function describeHeadline(results: ResultsV1): string {
  const found = headline(results);
  if (found === undefined) return "";
  const distances = [
    found.aboveRandom === undefined ? [] : [`${formatDifference(found.aboveRandom)} to random weights`],
    found.aboveEndToEnd === undefined ? [] : [`${formatDifference(found.aboveEndToEnd)} to end to end`],
  ].flat();
  const suffix = distances.length === 0 ? "" : ` (points: ${distances.join(", ")})`;
  return `Last block, linear probe on pooled features: blockwise ${formatPercent(found.top1)} %${suffix}`;
}
