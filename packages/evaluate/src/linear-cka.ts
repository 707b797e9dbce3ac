import { type FeatureTable, InvalidOptionError, ShapeMismatchError } from "@blockwise/spec";
import { checkTable } from "./check-splits.js";
import { type CenteredTable, centerTable, sumOfGramProducts } from "./gram-products.js";

/** How independence is estimated from a sample of rows. */
export type CkaEstimator = "biased" | "unbiased";

/** Options of {@link linearCka} and {@link linearCkaMatrix}. */
export interface LinearCkaOptions {
  /**
   * `"biased"` is the usual form, from 0 to 1; with few rows for many dimensions it is too high. `"unbiased"` is not, and
   * may come out a little below 0. @default "biased"
   */
  readonly estimator?: CkaEstimator;
}

/**
 * How alike two representations of the same images are: linear centred kernel alignment, 1 for equal ones up to rotation,
 * reflection and scale. Labels are not looked at.
 *
 * ```text
 * CKA = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)),  K = X X^T, L = Y Y^T
 * biased:    HSIC = tr(H K H L) / (n - 1)^2,  H = I - 1 1^T / n;  so that CKA = |Y^T X|^2 / (|X^T X| |Y^T Y|), X and Y centred
 * unbiased:  HSIC = (tr(K~ L~) + 1^T K~ 1 1^T L~ 1 / ((n - 1)(n - 2)) - 2 / (n - 2) 1^T K~ L~ 1) / (n (n - 3)),
 *            K~ = K with zeros on the diagonal
 * ```
 *
 * In float64 on the processor; in `n d^2` operations where no table has more dimensions than rows, else in `n^2 d`.
 *
 * @param left `[n, d1]`, borrowed
 * @param right `[n, d2]`, borrowed; its rows are of the same images in the same order
 * @returns 0 where the rows of a table are all alike
 * @throws ShapeMismatchError for tables of other row counts; InvalidOptionError for features that are not finite and for
 *   fewer than 2 rows (unbiased: 4)
 * @example
 * const similarity = linearCka(blockwise, endToEnd);
 * @see Kornblith, Norouzi, Lee, Hinton: Similarity of neural network representations revisited, 2019, arXiv 1905.00414,
 *   equation 3 and appendix A
 * @see Song, Smola, Gretton, Bedo, Borgwardt: Feature selection via dependence maximization, 2012, equation 5, and Nguyen,
 *   Raghu, Kornblith: Do wide and deep networks learn the same things?, 2021, arXiv 2010.15327 (unbiased)
 */
export function linearCka(left: FeatureTable, right: FeatureTable, options: LinearCkaOptions = {}): number {
  return linearCkaMatrix([left], [right], options)[0]?.[0] as number;
}

/**
 * {@link linearCka} of each of `left` with each of `right`, `[left, right]`; what belongs to one table alone is computed
 * once.
 *
 * @param right - the same array as `left` for all pairs of one list, which takes half the time
 * @throws as {@link linearCka}
 */
export function linearCkaMatrix(
  left: readonly FeatureTable[],
  right: readonly FeatureTable[],
  { estimator = "biased" }: LinearCkaOptions = {},
): readonly (readonly number[])[] {
  if (estimator !== "biased" && estimator !== "unbiased") {
    throw new InvalidOptionError({
      option: "estimator",
      expected: '"biased" or "unbiased"',
      received: estimator,
    });
  }
  checkRows([...left, ...right], estimator === "biased" ? 2 : 4);
  const independence = estimator === "biased" ? biased : unbiased;
  const prepare = (tables: readonly FeatureTable[]): readonly Prepared[] =>
    tables.map((table) => {
      const centered = centerTable(table);
      return { centered, own: independence(centered, centered) };
    });
  const rows = prepare(left);
  const columns = right === left ? rows : prepare(right);
  const alignment = (one: Prepared, other: Prepared): number => {
    if (!(one.own > 0 && other.own > 0)) return 0;
    if (one === other) return 1;
    return independence(one.centered, other.centered) / Math.sqrt(one.own * other.own);
  };
  const matrix: number[][] = [];
  for (const [row, one] of rows.entries()) {
    matrix.push(
      columns.map((other, column) =>
        columns === rows && column < row ? (matrix[column]?.[row] as number) : alignment(one, other),
      ),
    );
  }
  return matrix;
}

interface Prepared {
  readonly centered: CenteredTable;
  readonly own: number;
}

/** HSIC but for a factor that CKA divides by again. */
function biased(left: CenteredTable, right: CenteredTable): number {
  return sumOfGramProducts(left, right);
}

/** HSIC but for a factor; shifts of all rows do not change it, so that centred rows will do. */
function unbiased(left: CenteredTable, right: CenteredTable): number {
  const { count } = left;
  let diagonals = 0;
  let leftTotal = 0;
  let rightTotal = 0;
  for (let row = 0; row < count; row++) {
    const leftDiagonal = left.squaredLengths[row] as number;
    const rightDiagonal = right.squaredLengths[row] as number;
    diagonals += leftDiagonal * rightDiagonal;
    leftTotal -= leftDiagonal;
    rightTotal -= rightDiagonal;
  }
  // Rows of a centred Gram matrix add up to 0, and so to the opposite of the diagonal without it: K~ 1 = -diag(K).
  return (
    sumOfGramProducts(left, right) -
    diagonals +
    (leftTotal * rightTotal) / ((count - 1) * (count - 2)) -
    (2 / (count - 2)) * diagonals
  );
}

function checkRows(tables: readonly FeatureTable[], least: number): void {
  const count = tables[0]?.labels.length ?? 0;
  for (const table of tables) {
    checkTable("compared", table);
    if (table.labels.length !== count) {
      throw new ShapeMismatchError({
        subject: "Features to compare",
        expected: `[${count}, dim] as the first table's`,
        received: [table.labels.length, table.dim],
        hint: "Read both from the same images.",
      });
    }
  }
  if (tables.length > 0 && count < least) {
    throw new InvalidOptionError({
      option: "features",
      expected: `at least ${least} rows for this estimator`,
      received: count,
    });
  }
}
