import type { JsonObject } from "@blockwise/spec";
import { formatPercent } from "../format-number.js";
import { descriptionList } from "../page/description-list.js";
import { type Html, html } from "../page/html.js";
import { warningList } from "../page/warning-list.js";
import type { ResultsV1 } from "../results-v1.js";
import { headline } from "../summary.js";

/** The outcome in a sentence, what to beware of, and what was run. */
export function overviewSection(results: ResultsV1): Html {
  const { warnings = [], startedAt, command } = results;
  const facts: JsonObject = {
    "data set": results.dataset,
    engine: results.engine,
    seed: results.seed,
    ...(startedAt === undefined ? {} : { started: startedAt }),
    ...(command === undefined ? {} : { command }),
  };
  return html`<h1>Blockwise on ${results.dataset}</h1>
${verdict(results)}
${warningList(warnings)}
${descriptionList(facts)}`;
}

function verdict(results: ResultsV1): Html {
  const found = headline(results);
  if (found === undefined) return html``;
  const comparisons = [
    compare(found.aboveRandom, "the same network with random weights"),
    compare(found.aboveEndToEnd, "end-to-end training"),
  ].flat();
  const suffix = comparisons.length === 0 ? "" : `: ${comparisons.join(", ")}`;
  return html`<p class="verdict">Trained block by block, the last block's features reach
<strong>${formatPercent(found.top1)} %</strong> with a linear probe${suffix}.</p>`;
}

function compare(difference: number | undefined, other: string): readonly string[] {
  if (difference === undefined || !Number.isFinite(difference)) return [];
  const points = Math.abs(difference).toFixed(1);
  if (Number(points) === 0) return [`level with ${other}`];
  return [`${points} points ${difference > 0 ? "above" : "below"} ${other}`];
}
