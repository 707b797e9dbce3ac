import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { launchBrowser } from "@blockwise/browser";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleStep, writeExampleRun } from "./__fixtures__/example-run.js";
import { temporaryFolder } from "./__fixtures__/temporary-folder.js";
import { type RunWatch, watchRuns } from "./watch-runs.js";

const launched = await launchBrowser();
const title = launched.browser
  ? "the live page in a browser"
  : `the live page in a browser: ${launched.reason}`;
// Pictures to be looked at, where they are asked for: nothing is asserted of them.
const pictures = process.env.BLOCKWISE_SCREENSHOTS;
if (pictures !== undefined) mkdirSync(pictures, { recursive: true });

const folder = temporaryFolder();
const widths = { phone: 360, desktop: 1280 } as const;
const cases = (["phone", "desktop"] as const).flatMap((device) =>
  (["light", "dark"] as const).map((colorScheme) => ({ device, colorScheme })),
);
let watch: RunWatch;

beforeAll(async () => {
  await writeExampleRun(join(folder, "several", "finished"), { steps: 60, stepCount: 60 });
  await writeExampleRun(join(folder, "several", "under-way"), { steps: 30, stepCount: 60, hasEnded: false });
  watch = await watchRuns({ folder: join(folder, "several") });
});
afterAll(async () => {
  await watch.close();
  await launched.browser?.close();
});

interface Opened {
  readonly page: Page;
  readonly complaints: string[];
  readonly requests: string[];
}

async function openPage(
  use: (opened: Opened) => Promise<void>,
  {
    width = 1280,
    colorScheme = "light",
    link = "finished",
    javaScriptEnabled = true,
  }: {
    readonly width?: number;
    readonly colorScheme?: "light" | "dark";
    readonly link?: string | null;
    readonly javaScriptEnabled?: boolean;
  } = {},
): Promise<void> {
  const context = await launched.browser?.newContext({
    viewport: { width, height: 800 },
    colorScheme,
    javaScriptEnabled,
  });
  if (context === undefined) throw new Error("The browser is gone.");
  try {
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(watch.address);
    if (link !== null) await page.getByRole("link", { name: link }).click();
    await use({ page, complaints, requests });
  } finally {
    await context.close();
  }
}

describe.skipIf(launched.browser === undefined)(title, () => {
  it.each(cases)("is whole on a $device in $colorScheme", async ({ device, colorScheme }) => {
    const width = widths[device];
    await openPage(
      async ({ page, complaints, requests }) => {
        await page.locator("text=Map of the features").waitFor();
        await page.waitForLoadState("networkidle");
        if (pictures !== undefined) {
          await page.screenshot({ path: join(pictures, `run-${device}-${colorScheme}.png`), fullPage: true });
        }
        expect(complaints).toEqual([]);
        for (const url of requests) expect(url).toMatch(new RegExp(`^(${watch.address}|data:)`));
        const seen = await page.evaluate(readPage);
        expect(seen.scrollWidth).toBeLessThanOrEqual(width);
        expect(seen.overflowing).toEqual([]);
        expect(seen.background).toBe(colorScheme === "light" ? "rgb(255, 255, 255)" : "rgb(20, 23, 28)");
        expect(seen.charts).toBeGreaterThan(8);
        expect(seen.panels).toBe(3);
        expect(seen.brokenPictures).toBe(0);
        expect(seen.smallestText).toBeGreaterThanOrEqual(9);
        expect(seen.withoutName).toEqual([]);
      },
      { width, colorScheme },
    );
  });

  it.each(["phone", "desktop"] as const)("lists the runs of an experiment on a %s", async (device) => {
    await openPage(
      async ({ page }) => {
        if (pictures !== undefined) {
          await page.screenshot({ path: join(pictures, `runs-${device}.png`), fullPage: true });
        }
        expect(await page.getByRole("link").allTextContents()).toEqual(["finished", "under-way"]);
        const { scrollWidth, overflowing } = await page.evaluate(readPage);
        expect(scrollWidth).toBeLessThanOrEqual(widths[device]);
        expect(overflowing).toEqual([]);
      },
      { width: widths[device], link: null },
    );
  });

  it("follows a run that trains, keeps what is open, and pauses", { timeout: 60_000 }, async () => {
    await openPage(
      async ({ page }) => {
        const status = page.locator("#part-status");
        await expect.poll(() => status.textContent()).toContain("step 30 of 60");
        await page.locator("#part-loss summary").click();
        const run = join(folder, "several", "under-way");
        const grow = (step: number): void => {
          appendFileSync(join(run, "log.jsonl"), `${JSON.stringify(exampleStep(step))}\n`);
        };
        for (const step of [30, 31, 32]) grow(step);
        await expect.poll(() => status.textContent(), { timeout: 20_000 }).toContain("step 33 of 60");
        await expect
          .poll(() => page.locator("#part-loss table").textContent(), { timeout: 20_000 })
          .toContain("32");
        expect(await page.locator("#part-loss details").getAttribute("open")).not.toBeNull();
        await page.getByRole("button", { name: "Pause" }).click();
        expect(await page.locator("#connection").textContent()).toBe("Paused");
        grow(33);
        await page.waitForTimeout(3000);
        expect(await status.textContent()).toContain("step 33 of 60");
        await page.getByRole("button", { name: "Go on" }).click();
        await expect.poll(() => status.textContent(), { timeout: 20_000 }).toContain("step 34 of 60");
      },
      { link: "under-way" },
    );
  });

  it("reads charts by keyboard and pointer, and goes through the maps", async () => {
    await openPage(async ({ page }) => {
      const figure = page.locator("#loss-chart");
      await figure.focus();
      await page.keyboard.press("Home");
      const readout = figure.locator(".readout");
      expect(await readout.textContent()).toMatch(/^Step 0layer1 6/);
      await page.keyboard.press("ArrowRight");
      expect(await readout.textContent()).toMatch(/^Step 1layer1/);
      await page.keyboard.press("Tab");
      expect(await readout.textContent()).toBe("");
      await figure.locator(".chart.wide").hover({ position: { x: 400, y: 150 } });
      const step = Number(/^Step (\d+)/.exec((await readout.textContent()) ?? "")?.[1]);
      expect(step).toBeGreaterThan(15);
      expect(step).toBeLessThan(35);
      const line = await figure.locator(".readout-line").boundingBox();
      expect(line?.height).toBeGreaterThan(100);

      const first = page.locator("#map-panels path").first();
      const before = await first.getAttribute("transform");
      await page.locator("#map-moment").focus();
      await page.keyboard.press("Home");
      await expect.poll(() => first.getAttribute("transform")).not.toBe(before);
      expect(await page.locator("output").textContent()).toBe("0");
      expect(await page.evaluate("document.activeElement.id")).toBe("map-moment");
    });
  });

  it("is whole without scripts", async () => {
    await openPage(
      async ({ page }) => {
        expect(await page.locator("#part-loss svg").count()).toBe(2);
        expect(await page.getByRole("button", { name: "Pause" }).isVisible()).toBe(false);
      },
      { javaScriptEnabled: false },
    );
  });

  it("says when the watcher has ended, and what to do without the token", { timeout: 60_000 }, async () => {
    const other = await watchRuns({ folder: join(folder, "several", "finished") });
    const page = await launched.browser?.newPage();
    if (page === undefined) throw new Error("The browser is gone.");
    const answer = await page.goto(`http://127.0.0.1:${other.port}/`);
    expect(answer?.status()).toBe(403);
    expect(await page.textContent("main")).toContain("Copy the address that blockwise watch");
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, "refused.png") });
    await page.goto(other.address);
    await other.close();
    await expect
      .poll(() => page.locator("#connection").textContent(), { timeout: 20_000 })
      .toContain("the watcher has ended");
    await page.close();
  });
});

/** Runs in the page: what is where. */
function readPage() {
  const visible = (element: Element): boolean => element.getClientRects().length > 0;
  const width = document.documentElement.clientWidth;
  const overflowing = [...document.querySelectorAll("body *")]
    .filter(
      (element) =>
        visible(element) &&
        element.closest(".scroll, svg") === null &&
        element.getBoundingClientRect().right > width + 1,
    )
    .map((element) => element.outerHTML.slice(0, 80));
  const charts = [...document.querySelectorAll<SVGSVGElement>(".chart svg")].filter(visible);
  const textSizes = charts.flatMap((svg) => {
    const scale = svg.clientWidth / svg.viewBox.baseVal.width;
    return [...svg.querySelectorAll("text")].map(
      (text) => Number.parseFloat(getComputedStyle(text).fontSize) * scale,
    );
  });
  const named = [...document.querySelectorAll('[role="img"], input, progress, img, .scroll')];
  const labels = [...document.querySelectorAll("label")].map((label) => label.htmlFor);
  return {
    overflowing,
    scrollWidth: document.documentElement.scrollWidth,
    charts: charts.length,
    panels: document.querySelectorAll(".panel svg").length,
    brokenPictures: [...document.images].filter((image) => image.naturalWidth === 0).length,
    smallestText: Math.min(...textSizes),
    background: getComputedStyle(document.body).backgroundColor,
    withoutName: named
      .filter(
        (element) =>
          !element.getAttribute("aria-label") && !element.getAttribute("alt") && !labels.includes(element.id),
      )
      .map((element) => element.outerHTML.slice(0, 80)),
  };
}
