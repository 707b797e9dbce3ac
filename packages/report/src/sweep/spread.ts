import { formatPercent, missing } from "../format-number.js";
import { blockOf, type scores } from "../summary.js";
import type { SweepRunV1 } from "./sweep-results-v1.js";

/** What several seeds come to. */
export interface Spread {
  readonly mean: number;
  /** Sample standard deviation (divided by `count - 1`); null for a single value. */
  readonly deviation: number | null;
  readonly count: number;
}

/** Mean and sample standard deviation of the finite ones among `values`; null where there is none. */
export function spreadOf(values: readonly (number | null | undefined)[]): Spread | null {
  const numbers = values.filter(
    (value): value is number => typeof value === "number" && Number.isFinite(value),
  );
  const count = numbers.length;
  if (count === 0) return null;
  const mean = numbers.reduce((sum, value) => sum + value, 0) / count;
  const squares = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: count === 1 ? null : Math.sqrt(squares / (count - 1)), count };
}

/** A score of several runs at one depth. */
export function spreadAt(
  runs: readonly SweepRunV1[] | undefined,
  block: string,
  of: (typeof scores)[number]["of"],
): Spread | null {
  return spreadOf(
    (runs ?? []).map((run) => {
      const result = blockOf(run, block);
      return result === undefined ? undefined : of(result);
    }),
  );
}

/** `78.0 ± 0.4`; the mean alone for a single value. */
export function formatSpread(spread: Spread | null): string {
  if (spread === null) return missing;
  const { mean, deviation } = spread;
  return deviation === null ? formatPercent(mean) : `${formatPercent(mean)} ± ${formatPercent(deviation)}`;
}
