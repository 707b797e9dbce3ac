import { basename } from "node:path";
import { html } from "@blockwise/report/drawing";
import { describeState } from "../page/describe-state.js";
import type { Section, SectionContext } from "../page/section.js";
import { sections } from "../page/sections.js";
import { renderShell } from "../page/shell.js";
import type { FoundRun } from "../read/find-runs.js";
import { RunReader } from "../read/run-reader.js";
import { runStatus } from "../read/run-status.js";

interface Drawn {
  readonly version: string;
  readonly markup: string;
  readonly at: number;
  readonly costMs: number;
}

/** A part of the page is drawn at most so often that drawing takes a twentieth of the time: training needs the machine. */
const restPerCost = 20;

/** A run's page, of which each part is drawn when it is asked for and has changed. */
export class RunPage {
  readonly reader: RunReader;
  readonly #run: FoundRun;
  readonly #clock: () => number;
  readonly #drawn = new Map<string, Drawn>();

  /** @param clock milliseconds since 1970 */
  constructor(run: FoundRun, clock: () => number) {
    this.#run = run;
    this.#clock = clock;
    this.reader = new RunReader(run.folder);
  }

  /** How the run is, and the version of each part. */
  async state(): Promise<object> {
    await this.reader.refresh();
    const { word } = describeState(runStatus(this.reader, this.#clock()));
    return {
      word,
      parts: Object.fromEntries(sections.map((part) => [part.name, this.#versionToShow(part)])),
    };
  }

  /** A part's markup; null where there is no such part. */
  async section(name: string, at: number | null): Promise<string | null> {
    const part = sections.find((section) => section.name === name);
    if (part === undefined) return null;
    await this.reader.refresh();
    return at === null ? this.#draw(part).markup : part.render(this.#context(at)).markup;
  }

  /** The whole page. @param isOne whether it is the only run of the folder that is watched */
  async page(isOne: boolean): Promise<string> {
    await this.reader.refresh();
    const { name } = this.#run;
    const { word } = describeState(runStatus(this.reader, this.#clock()));
    return renderShell({
      title: `${basename(name)}: ${word} · Blockwise`,
      heading: name,
      ...(isOne ? {} : { navigation: html`<nav><a href="../../">All runs</a></nav>` }),
      base: "../../",
      sections: sections.map((part) => {
        const { version, markup } = this.#draw(part);
        return { name: part.name, version, content: { markup } };
      }),
    });
  }

  #context(at: number | null): SectionContext {
    return { reader: this.reader, now: this.#clock(), at };
  }

  #version({ parts, also }: Section): string {
    return `${this.reader.version(parts)}-${also?.(this.#context(null)) ?? ""}`;
  }

  #versionToShow(part: Section): string {
    const drawn = this.#drawn.get(part.name);
    return drawn !== undefined && this.#rests(drawn) ? drawn.version : this.#version(part);
  }

  #rests({ at, costMs }: Drawn): boolean {
    return performance.now() - at < restPerCost * costMs;
  }

  #draw(part: Section): Drawn {
    const before = this.#drawn.get(part.name);
    const version = this.#version(part);
    if (before !== undefined && (before.version === version || this.#rests(before))) return before;
    const start = performance.now();
    const { markup } = part.render(this.#context(null));
    const end = performance.now();
    const drawn = { version, markup, at: end, costMs: end - start };
    this.#drawn.set(part.name, drawn);
    return drawn;
  }
}
