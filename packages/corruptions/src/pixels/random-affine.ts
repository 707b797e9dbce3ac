import type { RandomGenerator } from "@blockwise/spec";
import type { SourcePlace } from "./warp.js";

type Point = readonly [x: number, y: number];

/**
 * The affine map that takes three points around the middle of an image to where chance moves them, as the place that each
 * place of the result comes from.
 *
 * @param shift - how far a point moves at most along each axis, in pixels
 */
export function randomAffine(
  height: number,
  width: number,
  shift: number,
  random: RandomGenerator,
): SourcePlace {
  const x = Math.floor(height / 2);
  const y = Math.floor(width / 2);
  const reach = Math.floor(Math.min(height, width) / 3);
  const before: readonly [Point, Point, Point] = [
    [x + reach, y + reach],
    [x + reach, y - reach],
    [x - reach, y - reach],
  ];
  const moved = ([px, py]: Point): Point => [
    px + shift * (2 * random.uniform() - 1),
    py + shift * (2 * random.uniform() - 1),
  ];
  const after: readonly [Point, Point, Point] = [moved(before[0]), moved(before[1]), moved(before[2])];
  const [origin, first, second] = after;
  const [ux, uy] = [first[0] - origin[0], first[1] - origin[1]];
  const [vx, vy] = [second[0] - origin[0], second[1] - origin[1]];
  const area = ux * vy - uy * vx;
  return (row, column) => {
    // Places are written as sums of the moved triangle's sides, which come from the sides of the one before.
    const [px, py] = [column - origin[0], row - origin[1]];
    const alongFirst = (px * vy - py * vx) / area;
    const alongSecond = (ux * py - uy * px) / area;
    const from = (axis: 0 | 1): number =>
      before[0][axis] +
      alongFirst * (before[1][axis] - before[0][axis]) +
      alongSecond * (before[2][axis] - before[0][axis]);
    return [from(1), from(0)];
  };
}
