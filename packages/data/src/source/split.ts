import { type DataSourceV1, InvalidOptionError } from "@blockwise/spec";
import { isHeldOut } from "./held-out.js";
import { namesAt, packedSource, selectImages, selectLabels } from "./packed-source.js";
import { selectStored, storedSource } from "./stored-source.js";

/** How much of a source to hold out. */
export interface SplitOptions {
  /** The part of the images to hold out: 0 or more, below 1. */
  readonly holdOut: number;
  /** Which images; the same seed always holds out the same ones. An integer from 0 to 2^53 - 1. @default 0 */
  readonly seed?: number;
}

/**
 * Two parts of a source that share its pixels or files: what to learn from, and what to score on. Each image is held out
 * or not by a random number keyed by its place, so that images that are added at the end move none.
 *
 * @returns `test` is null where no image is held out.
 * @throws InvalidOptionError for a part out of range, or one that leaves nothing to learn from.
 * @example
 * const { train, test } = splitSource(source, { holdOut: 0.1 });
 */
export function splitSource(
  source: DataSourceV1,
  options: SplitOptions,
): { readonly train: DataSourceV1; readonly test: DataSourceV1 | null } {
  const { holdOut, seed = 0 } = options;
  const invalid = (expected: string): InvalidOptionError =>
    new InvalidOptionError({ option: "holdOut", expected, received: holdOut });
  if (!(holdOut >= 0 && holdOut < 1)) throw invalid("0 or more, below 1");
  const places = Array.from({ length: source.size }, (_, place) => place);
  const held = new Set(places.filter((place) => isHeldOut(String(place), holdOut, seed)));
  if (held.size === 0) return { train: source, test: null };
  if (held.size === source.size) throw invalid(`small enough to leave some of ${source.size} images`);
  const select = (part: "test" | "train"): DataSourceV1 =>
    partOf(source, {
      rows: places.filter((place) => held.has(place) === (part === "test")),
      options: { part, holdOut, seed },
    });
  return { train: select("train"), test: select("test") };
}

function partOf(
  source: DataSourceV1,
  part: {
    readonly rows: readonly number[];
    readonly options: { readonly part: "test" | "train"; readonly holdOut: number; readonly seed: number };
  },
): DataSourceV1 {
  const { rows, options } = part;
  const { store } = source;
  const held = options.part === "test" ? "held out" : "not held out";
  const parts = {
    id: source.id,
    options: { ...source.options, split: options },
    description: `${rows.length} of ${source.size} images, ${held}, of: ${source.description}`,
    classNames: source.classNames,
    labels: source.labels === null ? null : selectLabels(source.labels, rows),
    ...namesAt(source, rows),
  };
  return store.kind === "packed"
    ? packedSource({ ...parts, store: selectImages(store, rows) })
    : storedSource({ ...parts, store: selectStored(store, rows) });
}
