import { LineChart } from "echarts/charts";
import { GridComponent, LegendComponent } from "echarts/components";
import { type EChartsCoreOption, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { type Html, trustedHtml } from "../page/html.js";

use([LineChart, GridComponent, LegendComponent, SVGRenderer]);

/**
 * Draws a chart as SVG markup, without a browser; all text in it comes out escaped.
 *
 * @param size in pixels; the markup itself scales to the width that it gets
 * @param id makes the names inside unique in the page, and the same every time
 */
export function renderSvg(
  option: EChartsCoreOption,
  size: { readonly width: number; readonly height: number },
  id: string,
): Html {
  const chart = init(null, null, { renderer: "svg", ssr: true, ...size });
  try {
    chart.setOption({ animation: false, ...option });
    const markup = chart
      .renderToSVGString({ useViewBox: true })
      // What is there for the mouse only, and for the library's own script.
      .replace(/<style\s*><!\[CDATA\[[\s\S]*?\]\]>\s*<\/style>/g, "")
      .replace(/ (class="zr\d+-cls-\d+"|ecmeta_\w+="\w*")/g, "")
      // The library counts its charts over the whole process.
      .replace(/(id="|url\(#)zr\d+-/g, `$1${id}-`);
    return trustedHtml(markup);
  } finally {
    chart.dispose();
  }
}
