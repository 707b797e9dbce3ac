import { join } from "node:path";
import { pairPicture, pairsIndex } from "../record/pairs-record.js";
import { type RunFiles, runFiles } from "../record/run-files.js";
import { LineTail } from "./line-tail.js";
import { LogState } from "./log-state.js";
import { MapState, mapImagesOf } from "./map-state.js";
import { OnlineState } from "./online-state.js";
import { ProgressState } from "./progress-state.js";
import { asStep, readObject, readWhole } from "./read-whole.js";

/** Files of one JSON object that say what a run is and came to. */
const objectFiles = ["config", "input", "training", "evaluation"] as const;
type ObjectFile = (typeof objectFiles)[number];
type JsonRecord = Readonly<Record<string, unknown>>;

/** What a part of the page is made from. */
export type RunPart = "log" | "progress" | "online" | "maps" | "pairs" | "objects";

/** A pair of views that there are pictures of. */
export interface ShownPairs {
  readonly views: number;
  readonly width: number;
  readonly height: number;
  readonly classNames: readonly (string | null)[];
}

const mostPairs = 64;
const mostViews = 8;
const pngStart = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * Follows the files of a run: a fixed list of names in its folder, read and never written. The folder may come, grow, end and
 * be gone on with.
 */
export class RunReader {
  readonly log: LogState = new LogState();
  readonly progress: ProgressState = new ProgressState();
  readonly online: OnlineState = new OnlineState();
  readonly maps: MapState = new MapState();
  readonly #folder: string;
  readonly #files: RunFiles;
  readonly #tails: readonly (readonly [RunPart, LineTail])[];
  readonly #versions = new Map<RunPart, number>();
  readonly #objects = new Map<ObjectFile | "mapImages" | "pairs", JsonRecord | null>();
  #refreshing: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
    this.#files = runFiles(folder);
    this.#tails = [
      ["log", new LineTail(this.#files.log, this.log)],
      ["progress", new LineTail(this.#files.progress, this.progress)],
      ["online", new LineTail(this.#files.online, this.online)],
      ["maps", new LineTail(this.#files.maps, this.maps)],
    ];
  }

  /** Reads what is new. Calls at the same time wait for each other. */
  refresh(): Promise<void> {
    return this.#once(() => this.#refresh(() => true));
  }

  /** Reads what is new in the files that say how a run is, and not in those that grow with it. */
  refreshBriefly(): Promise<void> {
    return this.#once(() => this.#refresh((part) => part === "progress" || part === "online"));
  }

  /** Counts the changes of some parts. */
  version(parts: readonly RunPart[]): number {
    return parts.reduce((sum, part) => sum + (this.#versions.get(part) ?? 0), 0);
  }

  object(name: ObjectFile): JsonRecord | null {
    return this.#objects.get(name) ?? null;
  }

  get mapImages(): ReturnType<typeof mapImagesOf> {
    return mapImagesOf(this.#objects.get("mapImages") ?? null);
  }

  /** Null where there are none. */
  get pairs(): ShownPairs | null {
    const { views, width, height, images } = this.#objects.get("pairs") ?? {};
    const sizes = [views, width, height].map((value) => asStep(value) ?? 0);
    const [viewCount = 0, pixelsWide = 0, pixelsHigh = 0] = sizes;
    if (!Array.isArray(images) || viewCount < 1 || viewCount > mostViews || images.length === 0) return null;
    return {
      views: viewCount,
      width: pixelsWide,
      height: pixelsHigh,
      classNames: images
        .slice(0, mostPairs)
        .map((image) => (typeof image?.className === "string" ? image.className : null)),
    };
  }

  /** A picture of a view; null where there is none. */
  async picture(image: number, view: number): Promise<Buffer | null> {
    const { pairs } = this;
    if (pairs === null || !(image < pairs.classNames.length) || !(view < pairs.views)) return null;
    const bytes = await readWhole(pairPicture(this.#files.pairs, image, view));
    return bytes?.subarray(0, pngStart.length).equals(pngStart) ? bytes : null;
  }

  #once(refresh: () => Promise<void>): Promise<void> {
    this.#refreshing = this.#refreshing.then(refresh);
    return this.#refreshing;
  }

  async #refresh(isWanted: (part: RunPart) => boolean): Promise<void> {
    for (const [part, tail] of this.#tails) {
      if (isWanted(part) && (await tail.read())) this.#changed(part);
    }
    for (const name of objectFiles)
      await this.#readObject(name, join(this.#folder, `${name}.json`), "objects");
    await this.#readObject("mapImages", this.#files.mapImages, "maps");
    await this.#readObject("pairs", pairsIndex(this.#files.pairs), "pairs");
  }

  async #readObject(name: ObjectFile | "mapImages" | "pairs", path: string, part: RunPart): Promise<void> {
    const value = await readObject(path);
    const before = this.#objects.get(name) ?? null;
    if (JSON.stringify(value) === JSON.stringify(before)) return;
    this.#objects.set(name, value);
    this.#changed(part);
  }

  #changed(part: RunPart): void {
    this.#versions.set(part, (this.#versions.get(part) ?? 0) + 1);
  }
}
