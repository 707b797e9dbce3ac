import type { FeatureTable } from "@blockwise/spec";
import { momentsOf } from "./standardization.js";

/** Features whose columns have the mean 0, in float64. */
export interface CenteredTable {
  readonly count: number;
  readonly dim: number;
  /** `dim` columns of `count` values. */
  readonly columns: readonly Float64Array[];
  /** `count` rows of `dim` values. */
  readonly rows: readonly Float64Array[];
  /** One a row. */
  readonly squaredLengths: Float64Array;
}

export function centerTable({ features, dim }: FeatureTable): CenteredTable {
  const count = features.length / dim;
  const { mean } = momentsOf({ features, dim });
  const rows = Array.from({ length: count }, (_, row) =>
    Float64Array.from(
      { length: dim },
      (_, column) => (features[row * dim + column] as number) - (mean[column] as number),
    ),
  );
  const columns = Array.from({ length: dim }, (_, column) =>
    Float64Array.from(rows, (row) => row[column] as number),
  );
  return { count, dim, rows, columns, squaredLengths: Float64Array.from(rows, (row) => dot(row, row)) };
}

/**
 * The sum over all pairs of rows of the products of their scalar products, `sum_ij (x_i x_j)(y_i y_j)`, which is also the
 * sum of squares of `Y^T X`: whichever takes less.
 */
export function sumOfGramProducts(left: CenteredTable, right: CenteredTable): number {
  if (Math.max(left.dim, right.dim) <= left.count) {
    let sum = 0;
    for (const one of left.columns) {
      for (const other of right.columns) sum += dot(one, other) ** 2;
    }
    return sum;
  }
  let below = 0;
  let diagonal = 0;
  for (let row = 0; row < left.count; row++) {
    diagonal += (left.squaredLengths[row] as number) * (right.squaredLengths[row] as number);
    for (let other = 0; other < row; other++) {
      below +=
        dot(left.rows[row] as Float64Array, left.rows[other] as Float64Array) *
        dot(right.rows[row] as Float64Array, right.rows[other] as Float64Array);
    }
  }
  return diagonal + 2 * below;
}

/** Four sums side by side, which the processor adds up at the same time. */
function dot(left: Float64Array, right: Float64Array): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = left.length - (left.length % 4);
  for (let place = 0; place < whole; place += 4) {
    a += (left[place] as number) * (right[place] as number);
    b += (left[place + 1] as number) * (right[place + 1] as number);
    c += (left[place + 2] as number) * (right[place + 2] as number);
    d += (left[place + 3] as number) * (right[place + 3] as number);
  }
  for (let place = whole; place < left.length; place++) {
    a += (left[place] as number) * (right[place] as number);
  }
  return a + b + (c + d);
}
