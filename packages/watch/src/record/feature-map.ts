import { type FeatureTable, ShapeMismatchError } from "@blockwise/spec";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";

/** The features of some images at one block, in the plane of their two first principal components. */
export interface FeatureMap {
  /** The block's id. */
  readonly block: string;
  /** x and y of every image in turn; 0 and 0 for all where features do not differ. */
  readonly points: readonly number[];
  /** The part of the features' variance, from 0 to 1, along each axis. */
  readonly explained: readonly [number, number];
}

/** A line of a run's maps: one map a block, of the same images every time. */
export interface FeatureMapLine {
  /** Steps done. */
  readonly step: number;
  /** One a block, in the network's order. */
  readonly blocks: readonly FeatureMap[];
}

/** What the images of a run's maps are. */
export interface MapImages {
  /** One an image; null for unlabelled images. */
  readonly labels: readonly number[] | null;
  /** The names of the classes by label; null where they have none. */
  readonly classNames: readonly string[] | null;
  /** For people: where they are from. */
  readonly description: string;
}

/**
 * Draws a block's features as points of a plane: their coordinates along the two directions of most variance.
 *
 * With the rows `x_i` centred and the directions `v_1`, `v_2` of the largest eigenvalues `l_1`, `l_2` of `X^T X`, image i is at
 * `x_i v_1`, `x_i v_2`; the explained part is `l_k / sum l`. Where there are fewer images than dimensions, the same comes from
 * the Gram matrix `X X^T`. Each axis points to where the image that is furthest out lies, so that the same features give the
 * same map.
 *
 * @param table Features of n images, at most some hundreds: the cost is that of a matrix as large as the smaller of images and dimensions.
 * @throws ShapeMismatchError for a table whose size is no multiple of its width.
 */
export function featureMap(block: string, table: Pick<FeatureTable, "features" | "dim">): FeatureMap {
  const { features, dim } = table;
  const rows = features.length / dim;
  if (!Number.isSafeInteger(rows)) {
    throw new ShapeMismatchError({
      subject: `The features of ${block}`,
      expected: `[images, ${dim}]`,
      received: [features.length],
    });
  }
  const flat = { block, points: new Array<number>(2 * rows).fill(0), explained: [0, 0] as const };
  if (rows < 2 || !features.every(Number.isFinite)) return flat;
  const centred = new Matrix(rows, dim);
  for (let column = 0; column < dim; column++) {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += features[row * dim + column] ?? 0;
    for (let row = 0; row < rows; row++) {
      centred.set(row, column, (features[row * dim + column] ?? 0) - sum / rows);
    }
  }
  const isTall = dim < rows;
  const products = isTall ? centred.transpose().mmul(centred) : centred.mmul(centred.transpose());
  const total = products.trace();
  // Features that are all the same have nothing but rounding to draw.
  if (!(total > 1e-12 * rows)) return flat;
  const { realEigenvalues: values, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(products, {
    assumeSymmetric: true,
  });
  const order = values.map((value, index) => ({ value, index })).sort((a, b) => b.value - a.value);
  const axes = order.slice(0, 2).map(({ value, index }) => {
    const vector = vectors.getColumn(index);
    const scale = Math.sqrt(Math.max(0, value));
    const column = isTall
      ? centred.mmul(Matrix.columnVector(vector)).to1DArray()
      : vector.map((entry) => entry * scale);
    return { share: Math.max(0, value) / total, column: pointed(column) };
  });
  const [first, second] = axes;
  return {
    block,
    points: Array.from({ length: 2 * rows }, (_, place) =>
      rounded(axes[place % 2]?.column[Math.floor(place / 2)] ?? 0),
    ),
    explained: [rounded(first?.share ?? 0), rounded(second?.share ?? 0)],
  };
}

/** An eigenvector has no sign of its own: the entry that is furthest out is made positive. */
function pointed(column: readonly number[]): readonly number[] {
  const furthest = column.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return furthest < 0 ? column.map((value) => -value) : column;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4)) || 0;
}
