import { fold, type RandomKey, rootKey } from "@blockwise/random";
import { type DataSourceV1, InvalidOptionError } from "@blockwise/spec";
import { namesAt, packedSource, selectImages, selectLabels } from "./packed-source.js";
import { selectStored, storedSource } from "./stored-source.js";

/** What to keep of a source. */
export interface SubsetOptions {
  /** How many images: an integer from 1 to the source's size. */
  readonly count: number;
  /** Which images; the same seed always keeps the same ones. An integer from 0 to 2^53 - 1. @default 0 */
  readonly seed?: number;
  /** Whether the classes get as equal a share as their sizes allow. @default true for labelled sources */
  readonly balanced?: boolean;
}

/**
 * A part of a source that shares its pixels or files: no image is copied. Images keep their order.
 *
 * Each image gets a random rank keyed by its place, so a larger subset with the same seed contains the smaller one.
 * Balanced subsets take one image of each class in turn, each class by rank, until there are enough.
 *
 * @throws InvalidOptionError for a count out of range, or `balanced` without labels.
 * @example
 * const quick = subset(train, { count: 5_000, seed: 1 });
 */
export function subset(source: DataSourceV1, options: SubsetOptions): DataSourceV1 {
  const { count, seed = 0, balanced = source.labels !== null } = options;
  if (!Number.isInteger(count) || count < 1 || count > source.size) {
    throw new InvalidOptionError({
      option: "count",
      expected: `an integer from 1 to ${source.size}, the source's size`,
      received: count,
    });
  }
  if (balanced && source.labels === null) {
    throw new InvalidOptionError({
      option: "balanced",
      expected: "false for a source without labels",
      received: balanced,
    });
  }
  const order = rankedOrder(source.size, fold(rootKey(seed), "subset"));
  const chosen = balanced && source.labels !== null ? inTurn(order, source.labels) : order;
  const rows = chosen.slice(0, count).sort((a, b) => a - b);
  const parts = {
    id: source.id,
    options: { ...source.options, subset: { count, seed, balanced } },
    description: `${count} of ${source.size} images${balanced ? ", balanced by class" : ""}, of: ${source.description}`,
    classNames: source.classNames,
    labels: source.labels === null ? null : selectLabels(source.labels, rows),
    ...namesAt(source, rows),
  };
  const { store } = source;
  return store.kind === "packed"
    ? packedSource({ ...parts, store: selectImages(store, rows) })
    : storedSource({ ...parts, store: selectStored(store, rows) });
}

function rankedOrder(size: number, key: RandomKey): number[] {
  const ranks = Float64Array.from({ length: size }, (_, index) => {
    const { high, low } = fold(key, index);
    return high * 2 ** 21 + (low >>> 11);
  });
  return Array.from({ length: size }, (_, index) => index).sort(
    (a, b) => (ranks[a] as number) - (ranks[b] as number) || a - b,
  );
}

/** Sorts images by how many of their class come before them; within one round the order stays. */
function inTurn(order: readonly number[], labels: Int32Array): number[] {
  const seen = new Map<number, number>();
  const rounds = order.map((index) => {
    const label = labels[index] as number;
    const round = seen.get(label) ?? 0;
    seen.set(label, round + 1);
    return { index, round };
  });
  return rounds.sort((a, b) => a.round - b.round).map(({ index }) => index);
}
