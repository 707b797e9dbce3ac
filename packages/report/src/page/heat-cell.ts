import { missing } from "../format-number.js";
import { type Html, html } from "./html.js";

/** How much of the first series' colour a cell of 1 has, in percent: text stays readable on it. */
export const mostHeat = 40;

/** A number from 0 to 1 on a ground that is the stronger the larger it is; the ground says nothing that the number does not. */
export function heatCell(value: number | null | undefined): Html {
  if (typeof value !== "number" || !Number.isFinite(value)) return html`${missing}`;
  const share = Math.round(mostHeat * Math.min(1, Math.max(0, value)));
  return html`<span class="heat" style="--heat: ${share}%">${value.toFixed(2).replace("-", "−")}</span>`;
}
