import type { EChartsCoreOption } from "echarts/core";
import { type Html, html, replaceControlCharacters } from "../page/html.js";
import { seriesColors } from "../page/palette.js";
import { renderSvg } from "./render-svg.js";

/** A line of a chart. */
export interface Series {
  /** What the legend calls it. */
  readonly name: string;
  /** One value for each position on the horizontal axis; null where there is none. */
  readonly values: readonly (number | null)[];
  /** Without marks at its points: for a reference. */
  readonly plain?: boolean;
}

/** A chart and the same numbers as a table. */
export interface LineChartOptions {
  /** Unique in the page. */
  readonly id: string;
  /** The heading above it. */
  readonly title: string;
  /** What it shows, in words, for those who do not see it. */
  readonly description: string;
  /** What the horizontal axis shows. */
  readonly horizontalTitle: string;
  /** What the vertical axis shows, with its unit. */
  readonly verticalTitle: string;
  /** The positions on the horizontal axis: names, or numbers in ascending order. */
  readonly positions: readonly string[] | readonly number[];
  /** One a line, in the order of the legend. */
  readonly series: readonly Series[];
  /** The same numbers for those who read them. */
  readonly table: Html;
  /** Drawn for the whole width of a page, or for half of it on a wide one. @default "full" */
  readonly layout?: "full" | "half";
  /** Whether the figure carries its numbers, for a page with a script that shows those under the pointer. @default false */
  readonly isLive?: boolean;
}

const symbols = ["circle", "rect", "triangle", "diamond"] as const;
const dashes = ["solid", "dashed", "dotted", [10, 3, 2, 3]] as const;
const longestName = 28;

/** A figure with a line chart, drawn once for wide and once for narrow pages, and its table. */
export function lineChart(options: LineChartOptions): Html {
  const draw = (kind: "wide" | "narrow", width: number, height: number): Html =>
    html`<div class="chart ${kind}" role="img" aria-label="${options.description}">${renderSvg(
      chartOption(options, width),
      { width, height: height + legendHeight(options.series, width) },
      `${options.id}-${kind}`,
    )}</div>`;
  const isHalf = options.layout === "half";
  return html`<figure${options.isLive ? liveNumbers(options) : ""}>
<figcaption>${options.title} <small>${options.description}</small></figcaption>
${isHalf ? draw("wide", 500, 250) : draw("wide", 860, 340)}
${draw("narrow", 340, isHalf ? 240 : 280)}
<details><summary>The same as a table</summary>${options.table}</details>
</figure>`;
}

/** What a script in the page reads: the same order of lines as in the chart. */
function liveNumbers({ id, positions, series }: LineChartOptions): Html {
  const lines = series.map(({ name, values }) => ({
    name,
    values: values.map((value) => (value === null ? null : Number(value.toPrecision(4)))),
  }));
  return html` id="${id}" data-chart="${JSON.stringify({ positions, series: lines })}"`;
}

function chartOption(options: LineChartOptions, width: number): EChartsCoreOption {
  const { positions, series } = options;
  const named = typeof positions[0] === "string";
  const text = { color: "var(--muted)", fontSize: 13 };
  const line = { lineStyle: { color: "var(--line)" } };
  const axis = {
    axisLabel: { ...text, hideOverlap: true },
    axisLine: line,
    axisTick: line,
    nameTextStyle: text,
  };
  return {
    textStyle: text,
    legend: {
      left: 0,
      top: 0,
      width: width - 10,
      itemGap: 24,
      itemWidth: 40,
      itemHeight: 9,
      textStyle: { ...text, color: "var(--text)" },
      // Lines are known by their number: two names may be the same once they are shortened.
      data: series.map((_, index) => String(index)),
      formatter: (index: string) => shorten(series[Number(index)]?.name ?? ""),
    },
    grid: {
      left: 8,
      right: width < 400 ? 14 : 24,
      top: legendHeight(series, width) + 34,
      // Below the live chart comes what is read off it.
      bottom: options.isLive ? 4 : 30,
      outerBoundsMode: "same",
    },
    xAxis: {
      ...axis,
      axisLabel: named
        ? { ...axis.axisLabel, formatter: (index: string) => shorten(String(positions[Number(index)])) }
        : axis.axisLabel,
      type: named ? "category" : "value",
      ...(named ? { data: positions.map((_, index) => String(index)) } : { min: "dataMin", max: "dataMax" }),
      name: options.horizontalTitle,
      nameLocation: "middle",
      nameGap: 30,
      splitLine: { show: false },
    },
    yAxis: {
      ...axis,
      type: "value",
      scale: true,
      name: options.verticalTitle,
      nameTextStyle: { ...text, align: "left" },
      splitNumber: 4,
      splitLine: line,
    },
    series: series.map((item, index) => lineSeries(item, index, positions, named)),
  };
}

function lineSeries(
  { values, plain = false }: Series,
  index: number,
  positions: LineChartOptions["positions"],
  named: boolean,
): object {
  const color = `var(--series-${index % seriesColors.length})`;
  const marked = named && !plain;
  const round = marked ? Math.floor(index / symbols.length) : index;
  return {
    type: "line",
    name: String(index),
    silent: true,
    data: named ? values : values.map((value, position) => [positions[position], value]),
    color,
    // Marks tell lines apart where there are any, and else dashes: never the colour alone.
    lineStyle: { color, width: 2, type: plain ? "dashed" : dashes[round % dashes.length] },
    itemStyle: { color },
    showSymbol: marked || values.length === 1,
    symbol: marked ? symbols[index % symbols.length] : "circle",
    symbolSize: 9,
    // Far more points than pixels draw the same line at many times the size.
    ...(named ? {} : { sampling: "lttb" }),
  };
}

/** Room for the legend, whose lines the library wraps by itself. */
function legendHeight(series: readonly Series[], width: number): number {
  let lines = 1;
  let used = 0;
  for (const { name } of series) {
    const needed = shorten(name).length * 8 + 72;
    if (used > 0 && used + needed > width) {
      lines += 1;
      used = 0;
    }
    used += needed;
  }
  return lines * 25;
}

/** A name as it fits in a chart; names that belong together tend to differ at their end. */
function shorten(name: string): string {
  const characters = [...replaceControlCharacters(name).replace(/\s+/g, " ")];
  if (characters.length <= longestName) return characters.join("");
  const half = Math.floor((longestName - 1) / 2);
  return `${characters.slice(0, half).join("")}…${characters.slice(-half).join("")}`;
}
