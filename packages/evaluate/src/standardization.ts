/** Rows of `dim` values, back to back. */
export interface Rows {
  readonly features: Float32Array | Float64Array;
  readonly dim: number;
}

/** Mean and population standard deviation of each dimension over the rows; both `[dim]`. */
export interface Moments {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

/** What to subtract from and then multiply with each dimension; both `[dim]`. */
export interface Standardization {
  readonly mean: Float64Array;
  readonly scale: Float64Array;
}

/** A dimension that varies by less than this share of its mean is float32 noise around a constant. */
const CONSTANT_BELOW = 1e-6;

/** Measures each dimension in two passes, in float64. */
export function momentsOf({ features, dim }: Rows): Moments {
  const count = features.length / dim;
  // Sums of differences from the first row: exactly 0 where a dimension is constant.
  const shift = new Float64Array(dim);
  for (let start = 0; start < features.length; start += dim) {
    for (let column = 0; column < dim; column++) {
      shift[column] = at(shift, column) + at(features, start + column) - at(features, column);
    }
  }
  const mean = shift.map((sum, column) => at(features, column) + sum / count);

  const squares = new Float64Array(dim);
  for (let start = 0; start < features.length; start += dim) {
    for (let column = 0; column < dim; column++) {
      const difference = at(features, start + column) - at(mean, column);
      squares[column] = at(squares, column) + difference * difference;
    }
  }
  return { mean, deviation: squares.map((sum) => Math.sqrt(sum / count)) };
}

/** What brings each dimension to mean 0 and deviation 1; the scale 0 takes a constant dimension out. */
export function standardizationOf(rows: Rows): Standardization {
  const { mean, deviation } = momentsOf(rows);
  const scale = deviation.map((value, column) =>
    value > CONSTANT_BELOW * Math.abs(at(mean, column)) ? 1 / value : 0,
  );
  return { mean, scale };
}

/** What leaves every dimension as it is. */
export function noStandardization(dim: number): Standardization {
  return { mean: new Float64Array(dim), scale: new Float64Array(dim).fill(1) };
}

function at(values: Float32Array | Float64Array, place: number): number {
  return values[place] as number;
}
