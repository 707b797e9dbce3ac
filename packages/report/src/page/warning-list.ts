import { type Html, html } from "./html.js";

/** What the reader should know first; nothing where there is nothing. */
export function warningList(warnings: readonly string[]): Html {
  if (warnings.length === 0) return html``;
  return html`<div class="warnings" role="note"><strong>Before you believe the numbers</strong>
<ul>${warnings.map((warning) => html`<li>${warning}</li>`)}</ul></div>`;
}
