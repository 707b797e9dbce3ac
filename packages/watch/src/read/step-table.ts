import { asNumber } from "./read-whole.js";

/** Curves over the same steps. */
export interface StepCurves {
  /** Ascending. */
  readonly steps: readonly number[];
  /** By name, one value a step; null where there is none. */
  readonly values: ReadonlyMap<string, readonly (number | null)[]>;
  /** How many steps of the run one of these stands for. */
  readonly stride: number;
}

interface Row {
  steps: number;
  count: number;
  readonly sums: Map<string, { sum: number; count: number }>;
}

const mostRows = 600;
/** More curves than anybody can look at: a file that holds more was not written by a run. */
const mostNames = 256;

/**
 * Values by step and name, in as little memory for a million steps as for some hundred: when there are too many rows,
 * neighbours become one, which has the mean of both.
 */
export class StepTable {
  #stride = 1;
  #rows = new Map<number, Row>();
  readonly #names = new Set<string>();
  #last: { readonly step: number; readonly values: ReadonlyMap<string, number> } | null = null;

  /** Takes the values of a step; those that are not finite numbers are left out. */
  add(step: number, values: Iterable<readonly [string, unknown]>): void {
    const key = Math.floor(step / this.#stride);
    const row = this.#rows.get(key) ?? { steps: 0, count: 0, sums: new Map() };
    const taken = new Map<string, number>();
    for (const [name, value] of values) {
      if (!this.#names.has(name) && this.#names.size >= mostNames) continue;
      this.#names.add(name);
      const number = asNumber(value);
      if (number === null) continue;
      taken.set(name, number);
      const cell = row.sums.get(name) ?? { sum: 0, count: 0 };
      cell.sum += number;
      cell.count += 1;
      row.sums.set(name, cell);
    }
    row.steps += step;
    row.count += 1;
    this.#rows.set(key, row);
    this.#last = { step, values: taken };
    if (this.#rows.size > mostRows) this.#merge();
  }

  /** Forgets what came after a step, as far as rows can be told apart. */
  dropAfter(step: number): void {
    for (const key of this.#rows.keys()) {
      if (key * this.#stride > step) this.#rows.delete(key);
    }
    if (this.#last !== null && this.#last.step > step) this.#last = null;
  }

  clear(): void {
    this.#stride = 1;
    this.#rows.clear();
    this.#names.clear();
    this.#last = null;
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0;
  }

  /** What was added last. */
  get last(): { readonly step: number; readonly values: ReadonlyMap<string, number> } | null {
    return this.#last;
  }

  curves(): StepCurves {
    const rows = [...this.#rows].sort(([a], [b]) => a - b).map(([, row]) => row);
    const values = [...this.#names].map(
      (name) => [name, rows.map(({ sums }) => meanOf(sums.get(name)))] as const,
    );
    return {
      steps: rows.map(({ steps, count }) => Math.round(steps / count)),
      values: new Map(values),
      stride: this.#stride,
    };
  }

  #merge(): void {
    const rows = new Map<number, Row>();
    this.#stride *= 2;
    for (const [key, row] of this.#rows) {
      const half = Math.floor(key / 2);
      const other = rows.get(half);
      if (other === undefined) {
        rows.set(half, row);
        continue;
      }
      other.steps += row.steps;
      other.count += row.count;
      for (const [name, { sum, count }] of row.sums) {
        const cell = other.sums.get(name) ?? { sum: 0, count: 0 };
        other.sums.set(name, { sum: cell.sum + sum, count: cell.count + count });
      }
    }
    this.#rows = rows;
  }
}

function meanOf(cell: { readonly sum: number; readonly count: number } | undefined): number | null {
  return cell === undefined || cell.count === 0 ? null : cell.sum / cell.count;
}
