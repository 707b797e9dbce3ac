import { formatPercent, type Html, html, table } from "@blockwise/report/drawing";
import type { FeatureMap, MapImages } from "../record/feature-map.js";
import { drawMap, markOf } from "./draw-map.js";
import type { Section } from "./section.js";

/** A legend of more classes is longer than the map. */
const mostNamed = 24;

/** Maps of features by block. */
export const mapSection: Section = {
  name: "map",
  parts: ["maps", "progress"],
  render: ({ reader, at }) => {
    const { maps } = reader.maps;
    const images = reader.mapImages;
    const place = at === null ? maps.length - 1 : Math.min(at, maps.length - 1);
    const shown = maps[place];
    if (shown === undefined) return html``;
    const { blocks, step } = shown;
    const labels = images?.labels ?? null;
    return html`<h2>Map of the features</h2>
<p>Every mark is a held-out image, placed by what the block makes of it: along the two directions in which its pooled features vary most. Images that a block takes for alike lie close together${labels === null ? "" : "; labels colour the marks"}.</p>
<p class="moment"><label for="map-moment">After step</label> <input type="range" id="map-moment" min="0" max="${maps.length - 1}" value="${place}" data-steps="${JSON.stringify(maps.map((map) => map.step))}"> <output for="map-moment">${step}</output></p>
<div id="map-panels">${panels(blocks, images)}</div>`;
  },
};

function panels(blocks: readonly FeatureMap[], images: MapImages | null): Html {
  const labels = images?.labels ?? null;
  const drawn = blocks.map(
    (map) =>
      html`<figure class="panel"><figcaption>${map.block} <small>${formatPercent(100 * map.explained[0])} % of the variance to the right, ${formatPercent(100 * map.explained[1])} % upwards</small></figcaption>${drawMap(map, labels)}</figure>`,
  );
  return html`<div class="panels">${drawn}</div>${legend(images)}<details id="map-table"><summary>The same as a table</summary>${mapTable(blocks, labels)}</details>`;
}

function legend(images: MapImages | null): Html {
  const names = images?.classNames ?? null;
  if (names === null || images?.labels == null) return html``;
  if (names.length > mostNamed) return html`<p class="muted">Marks differ by label, of ${names.length}.</p>`;
  return html`<ul class="legend">${names.map((name, label) => html`<li>${markOf(label)}${name}</li>`)}</ul>`;
}

function mapTable(blocks: readonly FeatureMap[], labels: readonly number[] | null): Html {
  const share = (value: number | null): string => formatPercent(value === null ? null : 100 * value);
  const classes = labels === null ? 0 : new Set(labels).size;
  const chance = labels === null || labels.length < 2 ? null : (classes - 1) / (labels.length - 1);
  return table({
    caption:
      chance === null
        ? "Part of the features' variance along each axis, %"
        : `Part of the features' variance along each axis, and part of the map's spread that lies between classes (by chance ${share(chance)}), %`,
    head: ["Block", "Right", "Up", ...(labels === null ? [] : ["Between classes"])],
    groups: [
      {
        rows: blocks.map((map) => [
          map.block,
          share(map.explained[0]),
          share(map.explained[1]),
          ...(labels === null ? [] : [share(betweenClasses(map, labels))]),
        ]),
      },
    ],
  });
}

/** `sum_c n_c |mean_c|^2 / sum_i |x_i|^2` of centred points: 1 where each class is one point. */
function betweenClasses({ points }: FeatureMap, labels: readonly number[]): number | null {
  const classes = new Map<number, { count: number; x: number; y: number }>();
  let total = 0;
  for (const [image, label] of labels.entries()) {
    const x = points[2 * image] ?? 0;
    const y = points[2 * image + 1] ?? 0;
    const sums = classes.get(label) ?? { count: 0, x: 0, y: 0 };
    classes.set(label, { count: sums.count + 1, x: sums.x + x, y: sums.y + y });
    total += x ** 2 + y ** 2;
  }
  if (total === 0) return null;
  let between = 0;
  for (const { count, x, y } of classes.values()) between += (x ** 2 + y ** 2) / count;
  return between / total;
}
