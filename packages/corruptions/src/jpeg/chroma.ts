import type { Plane } from "./plane.js";

/** Halves both sides of a plane of even sides by the mean of four, whose halves go down and up by turns. */
export function halveChroma({ width, height, data }: Plane): Plane {
  const half = { width: width / 2, height: height / 2 };
  const at = (row: number, column: number): number => data[row * width + column] as number;
  const halved = new Float64Array(half.width * half.height);
  for (let row = 0; row < half.height; row++) {
    for (let column = 0; column < half.width; column++) {
      const [y, x] = [2 * row, 2 * column];
      const sum = at(y, x) + at(y, x + 1) + at(y + 1, x) + at(y + 1, x + 1);
      halved[row * half.width + column] = Math.floor((sum + 1 + (column % 2)) / 4);
    }
  }
  return { ...half, data: halved };
}

/** Doubles both sides of a plane: 3/4 of the nearer pixel and 1/4 of the farther, along each axis. */
export function doubleChroma({ width, height, data }: Plane): Plane {
  const double = { width: 2 * width, height: 2 * height };
  const at = (row: number, column: number): number =>
    data[Math.min(Math.max(row, 0), height - 1) * width + Math.min(Math.max(column, 0), width - 1)] as number;
  const doubled = new Float64Array(double.width * double.height);
  for (let row = 0; row < double.height; row++) {
    const near = row >> 1;
    const far = row % 2 === 0 ? near - 1 : near + 1;
    const columnSum = (column: number): number => 3 * at(near, column) + at(far, column);
    for (let column = 0; column < double.width; column++) {
      const here = column >> 1;
      const odd = column % 2;
      const sum = 3 * columnSum(here) + columnSum(odd === 0 ? here - 1 : here + 1);
      doubled[row * double.width + column] = Math.floor((sum + 8 - odd) / 16);
    }
  }
  return { ...double, data: doubled };
}
