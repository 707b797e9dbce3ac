import type { FloatImage } from "./float-image.js";

/** Which two source pixels a target pixel lies between, and how far from the first. */
interface LineSamples {
  readonly near: Int32Array;
  readonly far: Int32Array;
  readonly share: Float64Array;
}

/**
 * Enlarges the middle of an image by `factor`, at least 1, and cuts the middle out of that: an image of the same shape.
 *
 * The first and last pixels of the part stay the first and last of the enlarged one, and what is between them is
 * interpolated linearly: scipy's `zoom` of order 1.
 */
export function clippedZoom(image: FloatImage, factor: number): FloatImage {
  const { width, height, channels } = image;
  const vertical = lineSamples(height, factor);
  const horizontal = lineSamples(width, factor);
  const rowSize = width * channels;
  const data = new Float64Array(image.data.length);
  const value = (row: number, column: number, channel: number): number =>
    image.data[row * rowSize + column * channels + channel] as number;
  for (let row = 0; row < height; row++) {
    const top = vertical.near[row] as number;
    const bottom = vertical.far[row] as number;
    const down = vertical.share[row] as number;
    for (let column = 0; column < width; column++) {
      const left = horizontal.near[column] as number;
      const right = horizontal.far[column] as number;
      const across = horizontal.share[column] as number;
      for (let channel = 0; channel < channels; channel++) {
        const above = (1 - across) * value(top, left, channel) + across * value(top, right, channel);
        const below = (1 - across) * value(bottom, left, channel) + across * value(bottom, right, channel);
        data[row * rowSize + column * channels + channel] = (1 - down) * above + down * below;
      }
    }
  }
  return { ...image, data };
}

function lineSamples(count: number, factor: number): LineSamples {
  const part = Math.ceil(count / factor);
  const start = Math.floor((count - part) / 2);
  const enlarged = Math.max(count, roundHalfToEven(part * factor));
  const trim = Math.floor((enlarged - count) / 2);
  const step = enlarged > 1 ? (part - 1) / (enlarged - 1) : 0;
  const near = new Int32Array(count);
  const far = new Int32Array(count);
  const share = new Float64Array(count);
  for (let target = 0; target < count; target++) {
    const place = Math.min((target + trim) * step, part - 1);
    const whole = Math.floor(place);
    near[target] = start + whole;
    far[target] = start + Math.min(whole + 1, part - 1);
    share[target] = place - whole;
  }
  return { near, far, share };
}

/** As Python's `round`. */
function roundHalfToEven(value: number): number {
  const down = Math.floor(value);
  return value - down === 0.5 ? down + (down % 2) : Math.round(value);
}
