import type { RandomGenerator } from "@blockwise/spec";

/**
 * A random landscape of clouds by midpoint displacement on a torus (diamond-square), brought to lie from 0 to 1.
 *
 * @param size - a power of two of at least 2
 * @param decay - by what the displacement is divided whenever the step halves: the lower, the rougher
 * @returns `[size, size]`
 */
export function plasma(size: number, decay: number, random: RandomGenerator): Float64Array {
  const map = new Float64Array(size * size);
  const wrap = (place: number): number => (place + size) % size;
  const at = (row: number, column: number): number => map[wrap(row) * size + wrap(column)] as number;
  let wobble = 100;
  const displaced = (sum: number): number => sum / 4 + wobble * wobble * (2 * random.uniform() - 1);
  for (let step = size; step >= 2; step /= 2) {
    const half = step / 2;
    for (let row = 0; row < size; row += step) {
      for (let column = 0; column < size; column += step) {
        const corners =
          at(row, column) + at(row + step, column) + at(row, column + step) + at(row + step, column + step);
        map[(row + half) * size + column + half] = displaced(corners);
      }
    }
    for (let row = 0; row < size; row += step) {
      for (let column = 0; column < size; column += step) {
        const middle = at(row + half, column + half);
        const corner = at(row, column);
        map[row * size + column + half] = displaced(
          middle + at(row - half, column + half) + corner + at(row, column + step),
        );
        map[(row + half) * size + column] = displaced(
          middle + at(row + half, column - half) + corner + at(row + step, column),
        );
      }
    }
    wobble /= decay;
  }
  const least = map.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
  const most = map.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY);
  return map.map((value) => (value - least) / (most - least));
}
