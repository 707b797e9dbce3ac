import { type Html, type HtmlValue, html } from "./html.js";

/** Rows under a heading of their own; the first cell of a row is its header. */
export interface TableGroup {
  /** The heading; without it the rows stand first. */
  readonly title?: string;
  /** One a row, cell by cell. */
  readonly rows: readonly (readonly HtmlValue[])[];
}

/** A table that scrolls by itself, also from the keyboard, where it is wider than the page. */
export function table(options: {
  readonly caption: string;
  readonly head: readonly string[];
  readonly groups: readonly TableGroup[];
}): Html {
  const { caption, head, groups } = options;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${head.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
${groups.map((group) => tableGroup(group, head.length))}
</table></div>`;
}

function tableGroup({ title, rows }: TableGroup, columnCount: number): Html {
  const heading =
    title === undefined ? "" : html`<tr><th scope="rowgroup" colspan="${columnCount}">${title}</th></tr>`;
  return html`<tbody>${heading}${rows.map(
    ([first = "", ...cells]) =>
      html`<tr><th scope="row">${first}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  )}</tbody>`;
}
