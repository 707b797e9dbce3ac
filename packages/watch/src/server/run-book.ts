import { basename, resolve } from "node:path";
import { type ListedRun, runsSection } from "../page/runs-section.js";
import { renderShell } from "../page/shell.js";
import { type FoundRuns, findRuns } from "../read/find-runs.js";
import { RunPage } from "./run-page.js";

/** Folders are looked for no more often. */
const lookEveryMs = 2000;

/** The runs of a folder, each with its page; new ones are found as they come. */
export class RunBook {
  readonly #folder: string;
  readonly #clock: () => number;
  readonly #pages = new Map<string, RunPage>();
  #found: FoundRuns = { isOne: false, runs: [] };
  #lookedAt: number = Number.NEGATIVE_INFINITY;

  /** @param clock milliseconds since 1970 */
  constructor(folder: string, clock: () => number) {
    this.#folder = folder;
    this.#clock = clock;
  }

  async find(): Promise<FoundRuns> {
    if (performance.now() - this.#lookedAt < lookEveryMs) return this.#found;
    this.#lookedAt = performance.now();
    this.#found = await findRuns(this.#folder);
    const known = new Set(this.#found.runs.map(({ id }) => id));
    for (const id of this.#pages.keys()) if (!known.has(id)) this.#pages.delete(id);
    return this.#found;
  }

  /** A run's page; null where there is no such run. */
  async page(id: string): Promise<RunPage | null> {
    const run = (await this.find()).runs.find((found) => found.id === id);
    if (run === undefined) return null;
    const page = this.#pages.get(id) ?? new RunPage(run, this.#clock);
    this.#pages.set(id, page);
    return page;
  }

  /** The page of all runs. */
  async overview(): Promise<string> {
    const { version, markup } = await this.list();
    const name = basename(resolve(this.#folder));
    return renderShell({
      title: `${name} · Blockwise`,
      heading: name,
      base: "",
      sections: [{ name: "runs", version, content: { markup } }],
    });
  }

  /** The table of all runs; its version is another one when anything in it has changed. */
  async list(): Promise<{ readonly version: string; readonly markup: string }> {
    const { runs } = await this.find();
    const listed: ListedRun[] = [];
    for (const run of runs) {
      const page = await this.page(run.id);
      if (page === null) continue;
      await page.reader.refreshBriefly();
      listed.push({ ...run, reader: page.reader });
    }
    const now = this.#clock();
    const versions = listed.map(
      ({ id, reader }) => `${id}${reader.version(["progress", "online", "objects"])}`,
    );
    // Silence changes nothing but the time.
    const version = `${versions.join("")}-${Math.floor(now / 30_000)}`;
    return { version, markup: runsSection(listed, now).markup };
  }
}
