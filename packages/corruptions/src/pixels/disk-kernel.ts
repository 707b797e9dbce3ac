import { mirrorWithoutEdge } from "./beyond-edge.js";

/** A square of weights around a pixel. */
export interface Kernel {
  /** `2 * reach + 1` pixels wide and high. */
  readonly reach: number;
  readonly weights: Float64Array;
}

/** What a lens out of focus makes of a point: a disk, its edge smoothed by a Gaussian of a few pixels. */
export function diskKernel(radius: number, smoothing: number): Kernel {
  const small = radius <= 8;
  const reach = small ? 8 : Math.round(radius);
  const side = 2 * reach + 1;
  const disk = Float64Array.from({ length: side * side }, (_, place) => {
    const row = Math.floor(place / side) - reach;
    const column = (place % side) - reach;
    return row ** 2 + column ** 2 <= radius ** 2 ? 1 : 0;
  });
  const area = disk.reduce((sum, value) => sum + value, 0);
  const edge = edgeWeights(small ? 1 : 2, smoothing);
  const smoothed = smoothRows(transpose(smoothRows(disk, side, edge), side), side, edge);
  return { reach, weights: transpose(smoothed, side).map((value) => value / area) };
}

function edgeWeights(reach: number, sigma: number): readonly number[] {
  const weights = Array.from({ length: 2 * reach + 1 }, (_, tap) =>
    Math.exp(-((tap - reach) ** 2) / (2 * sigma ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function smoothRows(values: Float64Array, side: number, weights: readonly number[]): Float64Array {
  const reach = (weights.length - 1) / 2;
  return values.map((_, place) => {
    const start = place - (place % side);
    return weights.reduce((sum, weight, tap) => {
      const column = mirrorWithoutEdge((place % side) + tap - reach, side);
      return sum + weight * (values[start + column] as number);
    }, 0);
  });
}

function transpose(values: Float64Array, side: number): Float64Array {
  return values.map((_, place) => values[(place % side) * side + Math.floor(place / side)] as number);
}
