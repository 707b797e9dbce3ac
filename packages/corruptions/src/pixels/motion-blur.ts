import type { RawImage } from "@blockwise/spec";
import { repeatEdge } from "./beyond-edge.js";

/** A movement of the camera. */
export interface Motion {
  /** In pixels; each pixel becomes a sum of `2 * radius + 1` on one side of it. */
  readonly radius: number;
  /** Standard deviation in pixels of the half Gaussian that weighs them. */
  readonly sigma: number;
  /** In degrees; 0 takes pixels from the right, 90 from below. */
  readonly angle: number;
}

/**
 * Smears an image along a line, as ImageMagick's motion blur: whole pixels, one side, edge pixels repeated, bytes rounded.
 */
export function motionBlur(image: RawImage, motion: Motion): RawImage {
  const { width, height, channels, data } = image;
  const taps = lineTaps(motion);
  const out = new Uint8Array(data.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const target = (row * width + column) * channels;
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (const { right, down, weight } of taps) {
          const source = repeatEdge(row + down, height) * width + repeatEdge(column + right, width);
          sum += weight * (data[source * channels + channel] as number);
        }
        out[target + channel] = Math.round(sum);
      }
    }
  }
  return { ...image, data: out };
}

interface Tap {
  readonly right: number;
  readonly down: number;
  readonly weight: number;
}

function lineTaps({ radius, sigma, angle }: Motion): readonly Tap[] {
  const direction = (angle * Math.PI) / 180;
  const weights = Array.from({ length: 2 * Math.ceil(radius) + 1 }, (_, tap) =>
    Math.exp(-(tap ** 2) / (2 * sigma ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight, tap) => ({
    right: Math.ceil(tap * Math.cos(direction) - 0.5),
    down: Math.ceil(tap * Math.sin(direction) - 0.5),
    weight: weight / sum,
  }));
}
