import type { BeyondEdge } from "./beyond-edge.js";
import type { FloatImage } from "./float-image.js";

/** How wide a blur is, and what it sees beyond the edge. */
export interface GaussianBlur {
  /** Standard deviation in pixels; 0 changes nothing. */
  readonly sigma: number;
  /** After how many standard deviations the Gaussian is cut off. */
  readonly truncate: number;
  readonly beyond: BeyondEdge;
}

/** Each target pixel of a line as a weighted sum of a run of source pixels. */
interface LineWeights {
  readonly first: Int32Array;
  readonly rows: readonly Float64Array[];
}

/**
 * Makes a function that blurs an image along its columns and its rows, as scipy's `gaussian_filter`.
 *
 * What lies beyond the edge is folded into the weights beforehand, so that a blur far wider than the image costs no
 * more than one of its width.
 */
export function makeGaussianBlur(options: GaussianBlur): (image: FloatImage) => FloatImage {
  const known = new Map<number, LineWeights>();
  const weightsFor = (count: number): LineWeights => {
    const found = known.get(count) ?? lineWeights(count, options);
    known.set(count, found);
    return found;
  };
  return (image) => {
    const { width, height, channels } = image;
    const rowSize = width * channels;
    const between = new Float64Array(image.data.length);
    const data = new Float64Array(image.data.length);
    const vertical = weightsFor(height);
    for (let column = 0; column < rowSize; column++) {
      blurLine(image.data, between, column, rowSize, vertical);
    }
    const horizontal = weightsFor(width);
    for (let row = 0; row < height; row++) {
      for (let channel = 0; channel < channels; channel++) {
        blurLine(between, data, row * rowSize + channel, channels, horizontal);
      }
    }
    return { ...image, data };
  };
}

function lineWeights(count: number, { sigma, truncate, beyond }: GaussianBlur): LineWeights {
  const kernel = gaussianKernel(sigma, truncate);
  const radius = (kernel.length - 1) / 2;
  const first = new Int32Array(count);
  const rows = Array.from({ length: count }, (_, target) => {
    const whole = new Float64Array(count);
    for (const [tap, weight] of kernel.entries()) {
      const source = beyond(target + tap - radius, count);
      whole[source] = (whole[source] as number) + weight;
    }
    const from = whole.findIndex((weight) => weight !== 0);
    first[target] = from;
    return whole.slice(from, whole.findLastIndex((weight) => weight !== 0) + 1);
  });
  return { first, rows };
}

function gaussianKernel(sigma: number, truncate: number): Float64Array {
  const radius = Math.trunc(truncate * sigma + 0.5);
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, tap) =>
    radius === 0 ? 1 : Math.exp((-0.5 / sigma ** 2) * (tap - radius) ** 2),
  );
  const sum = kernel.reduce((total, weight) => total + weight, 0);
  return kernel.map((weight) => weight / sum);
}

function blurLine(
  source: Float64Array,
  target: Float64Array,
  start: number,
  stride: number,
  { first, rows }: LineWeights,
): void {
  for (const [place, weights] of rows.entries()) {
    let at = start + (first[place] as number) * stride;
    let sum = 0;
    for (let tap = 0; tap < weights.length; tap++, at += stride) {
      sum += (source[at] as number) * (weights[tap] as number);
    }
    target[start + place * stride] = sum;
  }
}
