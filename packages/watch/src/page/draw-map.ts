import { type Html, html, seriesColors, trustedHtml } from "@blockwise/report/drawing";
import type { FeatureMap } from "../record/feature-map.js";

const side = 300;
const margin = 10;
const radius = 4;

/** Outlines around the origin, one a class: never the colour alone tells two apart. */
const shapes: readonly string[] = [
  "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
  "M-3.6-3.6h7.2v7.2h-7.2z",
  "M0-4.6L4.4 3.4h-8.8z",
  "M0-5L4 0L0 5L-4 0z",
  "M-1.4-4.4h2.8v3h3v2.8h-3v3h-2.8v-3h-3v-2.8h3z",
  "M0 4.6L4.4-3.4h-8.8z",
  "M-4.6-1.6L0-5L4.6-1.6L2.9 4h-5.8z",
  "M-5 0L0-2.2L5 0L0 2.2z",
];

/** Draws a map: right is the first axis, up the second, both in the same units. */
export function drawMap({ block, points }: FeatureMap, labels: readonly number[] | null): Html {
  const xs = points.filter((_, place) => place % 2 === 0);
  const ys = points.filter((_, place) => place % 2 === 1);
  const span = Math.max(spanOf(xs), spanOf(ys), 1e-30);
  const scale = (side - 2 * margin - 2 * radius) / span;
  const [middleX, middleY] = [middleOf(xs), middleOf(ys)];
  const marks = xs.map((x, image) => {
    const y = ys[image] ?? 0;
    const across = (side / 2 + (x - middleX) * scale).toFixed(1);
    const down = (side / 2 - (y - middleY) * scale).toFixed(1);
    return `<path transform="translate(${across} ${down})" ${look(labels?.[image] ?? 0)}/>`;
  });
  const description = `${xs.length} images by their features after ${block}`;
  return html`<svg viewBox="0 0 ${side} ${side}" role="img" aria-label="${description}">${trustedHtml(marks.join(""))}</svg>`;
}

/** The mark of a class, for a legend. */
export function markOf(label: number): Html {
  return html`<svg viewBox="-6 -6 12 12" aria-hidden="true">${trustedHtml(`<path ${look(label)}/>`)}</svg>`;
}

function look(label: number): string {
  const kind = Math.max(0, label);
  const color = kind % seriesColors.length;
  // Classes that share a colour have another shape.
  const shape = (kind + Math.floor(kind / seriesColors.length)) % shapes.length;
  return `d="${shapes[shape]}" class="mark-${color}"`;
}

function spanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : Math.max(...values) - Math.min(...values);
}

function middleOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : (Math.max(...values) + Math.min(...values)) / 2;
}
