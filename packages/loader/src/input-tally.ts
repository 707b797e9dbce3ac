import { DataSourceError, type DataSourceV1 } from "@blockwise/spec";
import type { BrokenImage } from "./fill-batch.js";

/** How the making of batches has gone so far, over all epochs. */
export interface LoaderReport {
  /** Images made into views, those made ahead too. */
  readonly images: number;
  /** Images a second that all threads together made while they were at work; 0 before the first. */
  readonly imagesPerSecond: number;
  /** Milliseconds that iteration has waited for batches. */
  readonly waitMs: number;
  /** What could not be read. */
  readonly broken: {
    /** Different images that could not be read. */
    readonly count: number;
    /** Up to ten of them, the first in the source's order, with the reason. */
    readonly names: readonly string[];
  };
}

/** Counts what was made and what was broken. */
export class InputTally {
  readonly #source: DataSourceV1;
  readonly #limit: number;
  readonly #broken = new Map<number, BrokenImage>();
  #images = 0;
  #busyMs = 0;

  constructor(source: DataSourceV1) {
    this.#source = source;
    const share = source.store.kind === "stored" ? source.store.maxBrokenShare : 0;
    this.#limit = share === 0 ? 0 : Math.max(1, Math.floor(share * source.size));
  }

  addMade(images: number, busyMs: number): void {
    this.#images += images;
    this.#busyMs += busyMs;
  }

  /** @returns the error to end with when there are more broken images than may be. */
  addBroken(image: BrokenImage): DataSourceError | null {
    this.#broken.set(image.sample, image);
    if (this.#broken.size <= this.#limit) return null;
    const { size, id } = this.#source;
    const most = this.#limit === 0 ? "No image" : `At most ${this.#limit} of the ${size} images`;
    return new DataSourceError(
      `${most} of "${id}" may be broken, but ${this.#broken.size} ${this.#broken.size === 1 ? "is" : "are"}: ${this.#names(3).join(", ")}. Repair or remove them, or allow more with maxBrokenShare and onCorrupt: "skip".`,
      { source: image.name },
    );
  }

  report(workers: number, waitMs: number): LoaderReport {
    const seconds = this.#busyMs / 1000 / Math.max(1, workers);
    return {
      images: this.#images,
      imagesPerSecond: seconds === 0 ? 0 : this.#images / seconds,
      waitMs,
      broken: { count: this.#broken.size, names: this.#names(10) },
    };
  }

  /** In the source's order, which does not depend on the threads. */
  #names(most: number): readonly string[] {
    return [...this.#broken.values()]
      .sort((a, b) => a.sample - b.sample)
      .slice(0, most)
      .map(({ name, reason }) => `${name} (${reason})`);
  }
}
