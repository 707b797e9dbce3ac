import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { launchBrowser } from "@blockwise/browser";
import { afterAll, describe, expect, it } from "vitest";
import { exampleResults } from "./__fixtures__/example-results.js";
import { exampleSweep } from "./__fixtures__/example-sweep.js";
import { renderReport } from "./render-report.js";
import { renderSweepReport } from "./sweep/render-sweep-report.js";

const launched = await launchBrowser();
const title = launched.browser ? "the report in a browser" : `the report in a browser: ${launched.reason}`;

const folder = mkdtempSync(join(tmpdir(), "blockwise-report-"));
// Pictures to be looked at, where they are asked for: nothing is asserted of them.
const pictures = process.env.BLOCKWISE_SCREENSHOTS;
if (pictures !== undefined) mkdirSync(pictures, { recursive: true });
const file = join(folder, "report.html");
// The names of settings are as long as they get.
const protocol = {
  ...exampleResults.protocol,
  corruptions: { "end-to-end": { "linear-probe": { initialDeviation: 0.01 } } },
};
writeFileSync(file, renderReport({ ...exampleResults, protocol }));
const sweepFile = join(folder, "sweep.html");
writeFileSync(sweepFile, renderSweepReport({ ...exampleSweep, protocol }));

afterAll(async () => {
  await launched.browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

const widths = { phone: 360, tablet: 700, desktop: 1280 } as const;
const cases = (["phone", "tablet", "desktop"] as const).flatMap((device) =>
  (["light", "dark"] as const).map((colorScheme) => ({ device, colorScheme })),
);

describe.skipIf(launched.browser === undefined)(title, () => {
  it.each(cases)("is whole on a $device in $colorScheme", async ({ device, colorScheme }) => {
    const context = await launched.browser?.newContext({
      viewport: { width: widths[device], height: 800 },
      colorScheme,
    });
    if (context === undefined) throw new Error("The browser is gone.");
    try {
      const page = await context.newPage();
      const complaints: string[] = [];
      const requests: string[] = [];
      page.on("console", (message) => complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("request", (request) => requests.push(request.url()));
      await page.goto(pathToFileURL(file).href, { waitUntil: "load" });
      if (pictures !== undefined) {
        await page.screenshot({ path: join(pictures, `${device}-${colorScheme}.png`), fullPage: true });
      }

      expect(complaints).toEqual([]);
      expect(requests).toEqual([pathToFileURL(file).href]);

      const seen = await page.evaluate(readPage);
      expect(seen.scrollWidth).toBeLessThanOrEqual(widths[device]);
      expect(seen.overflowing).toEqual([]);
      expect(seen.narrowestValue).toBeGreaterThan(120);
      expect(seen.background).toBe(colorScheme === "light" ? "rgb(255, 255, 255)" : "rgb(20, 23, 28)");
      expect(seen.charts).toHaveLength(3);
      for (const chart of seen.charts) {
        expect(chart.width).toBeGreaterThan(widths[device] * 0.6);
        expect(chart.height).toBeGreaterThan(200);
        expect(chart.lineCount).toBeGreaterThan(0);
        expect(chart.lineWidth).toBeGreaterThan(chart.width * 0.3);
        expect(chart.smallestText).toBeGreaterThanOrEqual(9);
        expect(chart.textOutside).toEqual([]);
        expect(chart.overlappingText).toEqual([]);
        expect(chart.lineColors).not.toContain("none");
      }
      expect(new Set(seen.charts[0]?.lineColors).size).toBe(4);
    } finally {
      await context.close();
    }
  });

  it.each(["phone", "desktop"] as const)("shows all of a sweep on a %s", async (device) => {
    const page = await launched.browser?.newPage({ viewport: { width: widths[device], height: 800 } });
    if (page === undefined) throw new Error("The browser is gone.");
    try {
      await page.goto(pathToFileURL(sweepFile).href);
      if (pictures !== undefined) {
        await page.screenshot({ path: join(pictures, `sweep-${device}.png`), fullPage: true });
      }
      const seen = await page.evaluate(readPage);
      expect(seen.scrollWidth).toBeLessThanOrEqual(widths[device]);
      expect(seen.overflowing).toEqual([]);
      expect(seen.narrowestValue).toBeGreaterThan(120);
      expect(seen.charts.length).toBeGreaterThan(0);
      for (const chart of seen.charts) {
        expect(chart.textOutside).toEqual([]);
        expect(chart.overlappingText).toEqual([]);
      }
    } finally {
      await page.close();
    }
  });

  it("opens its tables from the keyboard", async () => {
    const page = await launched.browser?.newPage();
    if (page === undefined) throw new Error("The browser is gone.");
    try {
      await page.goto(pathToFileURL(file).href);
      const details = page.locator("details").first();
      expect(await details.locator("table").isVisible()).toBe(false);
      await details.locator("summary").focus();
      await page.keyboard.press("Enter");
      expect(await details.locator("table").isVisible()).toBe(true);
    } finally {
      await page.close();
    }
  });
});

/** Runs in the page: what is where. */
function readPage() {
  const visible = (element: Element): boolean => element.getClientRects().length > 0;
  const box = (element: Element): DOMRect => element.getBoundingClientRect();
  const charts = [...document.querySelectorAll<SVGSVGElement>(".chart svg")]
    .filter((svg) => visible(svg))
    .map((svg) => {
      const frame = box(svg);
      const texts = [...svg.querySelectorAll("text")];
      const lines = [...svg.querySelectorAll("g[clip-path] > path")];
      const overlaps = (a: DOMRect, b: DOMRect): boolean =>
        Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
      return {
        width: frame.width,
        height: frame.height,
        lineCount: lines.length,
        lineWidth: Math.max(...lines.map((line) => box(line).width)),
        lineColors: lines.map((line) => getComputedStyle(line).stroke),
        smallestText: Math.min(
          ...texts.map(
            (text) =>
              (Number.parseFloat(getComputedStyle(text).fontSize) * frame.width) / svg.viewBox.baseVal.width,
          ),
        ),
        textOutside: texts
          .filter(
            (text) =>
              box(text).right > frame.right + 1 ||
              box(text).left < frame.left - 1 ||
              box(text).bottom > frame.bottom + 1,
          )
          .map((text) => text.textContent),
        overlappingText: texts.flatMap((text, index) =>
          texts
            .slice(index + 1)
            .filter((other) => overlaps(box(text), box(other)))
            .map((other) => `${text.textContent} / ${other.textContent}`),
        ),
      };
    });
  const width = document.documentElement.clientWidth;
  const overflowing = [...document.querySelectorAll("body *")]
    .filter(
      (element) =>
        visible(element) && element.closest(".scroll, svg") === null && box(element).right > width + 1,
    )
    .map((element) => element.tagName);
  return {
    charts,
    overflowing,
    scrollWidth: document.documentElement.scrollWidth,
    narrowestValue: Math.min(...[...document.querySelectorAll("dd")].map((value) => box(value).width)),
    background: getComputedStyle(document.body).backgroundColor,
  };
}
