import type { FeatureTable } from "@blockwise/spec";
import { EigenvalueDecomposition } from "ml-matrix";
import { checkCount } from "./check-options.js";
import { checkTable } from "./check-splits.js";
import { momentsOf, type Rows, standardizationOf } from "./standardization.js";

/** How spread out features are: what falls when a network collapses. */
export interface FeatureDescription {
  /**
   * Mean over the dimensions of the standard deviation of the rows divided by their length: 0 = all rows point the
   * same way, `1 / sqrt(dim)` = they point everywhere alike.
   */
  readonly deviation: number;
  /** How many directions carry the features, from 1 to `dim`: RankMe. 0 where all features are 0. */
  readonly effectiveRank: number;
  /** Mean size of the correlation between two different dimensions, from 0 to 1; constant ones do not count. */
  readonly meanAbsoluteCorrelation: number;
  /** How many dimensions do not vary at all. */
  readonly constantDimensions: number;
  /** How many rows it was measured on. */
  readonly rows: number;
}

/** Options of {@link describeFeatures}. */
export interface DescribeFeaturesOptions {
  /** Rows to measure on at most, taken at even distances from the whole table. @default 4096 */
  readonly maximumRows?: number;
}

/**
 * Collapse indicators of a feature table, in float64 on the processor; labels are not looked at.
 *
 * ```text
 * deviation     = mean_d std_i (x_id / ||x_i||)
 * effectiveRank = exp(-sum_j p_j log p_j),  p_j = s_j / sum s,  s = singular values of the (uncentred) features
 * correlation   = mean_{d != e} |cov(x_d, x_e)| / (std(x_d) std(x_e))
 * ```
 *
 * The singular values are the roots of the eigenvalues of the Gram matrix, so the time grows with `rows * dim^2` and
 * `dim^3`. Differs from RankMe: no 1e-7 is added to `p`; zeros are left out of the sum instead.
 *
 * @throws ShapeMismatchError for an empty table, InvalidOptionError for features that are not finite
 * @example
 * const { effectiveRank } = describeFeatures(table);
 * @see Garrido, Balestriero, Najman, LeCun: RankMe, 2023, arXiv 2210.02885, equation 1
 * @see Chen, He: Exploring simple siamese representation learning, 2021, arXiv 2011.10566, section 4.1 (deviation)
 */
export function describeFeatures(
  table: FeatureTable,
  { maximumRows = 4096 }: DescribeFeaturesOptions = {},
): FeatureDescription {
  checkCount("maximumRows", maximumRows);
  checkTable("described", table);
  const rows = evenRows(table, maximumRows);
  const { mean, scale } = standardizationOf(rows);
  const gram = gramMatrix(rows);
  const varying = scale.filter((value) => value > 0).length;
  const { deviation } = momentsOf(unitRows(rows));
  const count = rows.features.length / rows.dim;
  return {
    deviation: deviation.reduce((sum, value) => sum + value, 0) / table.dim,
    effectiveRank: effectiveRank(gram),
    meanAbsoluteCorrelation: meanOffDiagonal(gram, varying, (value, row, column) => {
      const covariance = value / count - at(mean, row) * at(mean, column);
      return Math.abs(covariance) * at(scale, row) * at(scale, column);
    }),
    constantDimensions: table.dim - varying,
    rows: count,
  };
}

function evenRows({ features, dim, labels }: FeatureTable, maximumRows: number): Rows {
  const count = Math.min(labels.length, maximumRows);
  const chosen = new Float64Array(count * dim);
  for (let row = 0; row < count; row++) {
    const from = Math.floor((row * labels.length) / count) * dim;
    chosen.set(features.subarray(from, from + dim), row * dim);
  }
  return { features: chosen, dim };
}

function unitRows({ features, dim }: Rows): Rows {
  const scaled = Float64Array.from(features);
  for (let start = 0; start < scaled.length; start += dim) {
    const row = scaled.subarray(start, start + dim);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) row.set(row.map((value) => value / length));
  }
  return { features: scaled, dim };
}

/** `X^T X`, `[dim, dim]`: float64, because roots of eigenvalues turn float32's 1e-7 into 3e-4. */
function gramMatrix({ features, dim }: Rows): readonly Float64Array[] {
  const count = features.length / dim;
  const columns = Array.from({ length: dim }, (_, column) =>
    Float64Array.from({ length: count }, (_, row) => at(features, row * dim + column)),
  );
  const gram = columns.map(() => new Float64Array(dim));
  for (const [row, left] of columns.entries()) {
    for (const [column, right] of columns.entries()) {
      if (column > row) break;
      const product = dot(left, right);
      gram[row]?.fill(product, column, column + 1);
      gram[column]?.fill(product, row, row + 1);
    }
  }
  return gram;
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let place = 0; place < left.length; place++) sum += at(left, place) * at(right, place);
  return sum;
}

function effectiveRank(gram: readonly Float64Array[]): number {
  const { realEigenvalues } = new EigenvalueDecomposition([...gram], { assumeSymmetric: true });
  const singularValues = realEigenvalues.map((value) => Math.sqrt(Math.max(value, 0)));
  const total = singularValues.reduce((sum, value) => sum + value, 0);
  if (total === 0) return 0;
  const entropy = singularValues.reduce((sum, value) => {
    const share = value / total;
    return share > 0 ? sum - share * Math.log(share) : sum;
  }, 0);
  return Math.exp(entropy);
}

function meanOffDiagonal(
  gram: readonly Float64Array[],
  varying: number,
  correlation: (value: number, row: number, column: number) => number,
): number {
  if (varying < 2) return 0;
  let sum = 0;
  for (const [row, line] of gram.entries()) {
    for (const [column, value] of line.entries()) {
      if (row !== column) sum += correlation(value, row, column);
    }
  }
  return sum / (varying * (varying - 1));
}

function at(values: Float32Array | Float64Array, place: number): number {
  return values[place] as number;
}
