import { formatTextTable } from "../format-text-table.js";
import { requireKnownSchema, scores } from "../summary.js";
import { formatSpread, spreadAt, spreadOf } from "./spread.js";
import type { SweepResultsV1 } from "./sweep-results-v1.js";
import { controlLabels, controlNames, depthNames } from "./sweep-summary.js";

/**
 * A sweep as a plain-text table for a terminal: for each kind of score the rows with all depths, and each row's controls
 * at the last depth beside it; mean and sample standard deviation over the seeds.
 *
 * @throws InvalidOptionError where the results are of another schema than 1.
 */
export function formatSweepTable(results: SweepResultsV1): string {
  requireKnownSchema(results);
  const depths = depthNames(results);
  const last = depths.at(-1) ?? "";
  const controls = controlNames(results);
  const sections = scores.map(({ title, of, comparesWithPixels }) => ({
    title: `${title} (top-1, %)`,
    rows: [
      ...results.rows.map((row) => [
        row.name,
        ...depths.map((depth) => formatSpread(spreadAt(row.runs, depth, of))),
        ...controls.map((name) => formatSpread(spreadAt(row.controls[name], last, of))),
      ]),
      ...(comparesWithPixels && results.pixels.length > 0
        ? [["raw pixels", formatSpread(spreadOf(results.pixels.map(({ top1 }) => top1)))]]
        : []),
    ],
  }));
  const head = ["", ...depths, ...controls.map((name) => `${controlLabels[name]}, ${last}`)];
  const seeds = `${results.title}: ${results.dataset}, ${results.seeds.length === 1 ? "seed" : "seeds"} ${results.seeds.join(", ")}`;
  return `${seeds}\n\n${formatTextTable(head, sections)}\n`;
}
