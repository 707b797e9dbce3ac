import { type Browser, chromium } from "playwright-core";
import type { BrowserCandidate } from "./browser-candidate.js";
import { listInstalledBrowsers } from "./installed-browsers.js";
import { packagedBrowserRunsHere, unpackPackagedBrowser } from "./packaged-browser.js";

/** A browser that has started, or why there is none. */
export type LaunchedBrowser =
  | { readonly browser: Browser; readonly executablePath: string }
  | { readonly browser: undefined; readonly reason: string };

/**
 * Starts a headless Chromium: the one that the variable `CHROME_PATH` names, else one that is installed, else
 * the one that comes as an npm package. The browser belongs to the caller, who closes it.
 *
 * @throws where `CHROME_PATH` is set and its browser does not start: it was asked for.
 */
export async function launchBrowser(): Promise<LaunchedBrowser> {
  const asked = process.env.CHROME_PATH;
  if (asked) return launch({ executablePath: asked, environment: {} });

  const failures: string[] = [];
  const candidates = [
    ...listInstalledBrowsers().map((candidate) => () => candidate),
    ...(packagedBrowserRunsHere ? [unpackPackagedBrowser] : []),
  ];
  for (const candidate of candidates) {
    try {
      return await launch(candidate());
    } catch (error) {
      failures.push(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
    }
  }
  const found = failures.length === 0 ? "none is installed" : failures.join("; ");
  return { browser: undefined, reason: `no Chromium starts here (${found}); set CHROME_PATH to one` };
}

async function launch({ executablePath, environment }: BrowserCandidate): Promise<LaunchedBrowser> {
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    // Only our own files are opened, and the sandbox cannot start for root or in most containers.
    chromiumSandbox: false,
    args: ["--disable-gpu", "--disable-dev-shm-usage"],
    env: { ...process.env, ...environment } as Record<string, string>,
  });
  return { browser, executablePath };
}
