import type { RandomGenerator } from "@blockwise/spec";
import { type CorruptionFactory, defineCorruption } from "../corruption-definition.js";
import { mirrorWithEdge, mirrorWithoutEdge } from "../pixels/beyond-edge.js";
import { toBytes, toUnit } from "../pixels/float-image.js";
import { makeGaussianBlur } from "../pixels/gaussian-blur.js";
import { randomAffine } from "../pixels/random-affine.js";
import { warp } from "../pixels/warp.js";

/** A distortion; all in pixels. */
interface Distortion {
  /** How far places move at most before smoothing. */
  readonly distance: number;
  /** Standard deviation of the smoothing of their movement. */
  readonly sigma: number;
  /** How far each of the three points of the affine map moves at most, along each axis. */
  readonly shift: number;
}

/** Moves three points of the image by chance, and then each place a little, smoothly: stretching and contracting. */
export const elasticTransform: CorruptionFactory = defineCorruption<Distortion>({
  // Shares of 244: so in the original, where 224 was meant.
  imagenet: [
    { distance: 244 * 2, sigma: 244 * 0.7, shift: 244 * 0.1 },
    { distance: 244 * 2, sigma: 244 * 0.08, shift: 244 * 0.2 },
    { distance: 244 * 0.05, sigma: 244 * 0.01, shift: 244 * 0.02 },
    { distance: 244 * 0.07, sigma: 244 * 0.01, shift: 244 * 0.02 },
    { distance: 244 * 0.12, sigma: 244 * 0.01, shift: 244 * 0.02 },
  ],
  cifar: [
    { distance: 0, sigma: 0, shift: 32 * 0.08 },
    { distance: 32 * 0.05, sigma: 32 * 0.2, shift: 32 * 0.07 },
    { distance: 32 * 0.08, sigma: 32 * 0.06, shift: 32 * 0.06 },
    { distance: 32 * 0.1, sigma: 32 * 0.04, shift: 32 * 0.05 },
    { distance: 32 * 0.1, sigma: 32 * 0.03, shift: 32 * 0.03 },
  ],
  make: ({ distance, sigma, shift }) => {
    const smooth = makeGaussianBlur({ sigma, truncate: 3, beyond: mirrorWithEdge });
    const movement = (height: number, width: number, random: RandomGenerator): Float64Array => {
      const data = Float64Array.from({ length: height * width }, () => 2 * random.uniform() - 1);
      return smooth({ width, height, channels: 1, data }).data.map((value) => value * distance);
    };
    return (image, random) => {
      const { width, height } = image;
      const affine = randomAffine(height, width, shift, random);
      const moved = warp(toUnit(image), affine, mirrorWithoutEdge);
      const right = movement(height, width, random);
      const down = movement(height, width, random);
      const place = (row: number, column: number): readonly [number, number] => {
        const at = row * width + column;
        return [row + (down[at] as number), column + (right[at] as number)];
      };
      return toBytes(warp(moved, place, mirrorWithEdge));
    };
  },
});
