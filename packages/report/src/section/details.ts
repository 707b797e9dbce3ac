import type { JsonObject } from "@blockwise/spec";
import { descriptionList } from "../page/description-list.js";
import { type Html, html } from "../page/html.js";
import type { ResultsV1 } from "../results-v1.js";

/** Everything that another person needs to repeat the experiment. */
export function detailsSection(results: ResultsV1): Html {
  const parts: readonly (readonly [string, JsonObject | undefined])[] = [
    ["Protocol", results.protocol],
    ["Data set", results.datasetDetails],
    ["Engine", results.engineDetails],
    ["Settings", results.settings],
    ["Versions", results.versions],
  ];
  return html`<h2>How it was run</h2>
${parts.map(([title, values]) =>
  values === undefined || Object.keys(values).length === 0
    ? ""
    : html`<h3>${title}</h3>${descriptionList(values)}`,
)}`;
}
