import type { RawImage } from "@blockwise/spec";

/** How pixels are weighed when an image is resized; `"bicubic"` has the parameter -1/2. */
export type Interpolation = "bicubic" | "bilinear";

/** A rectangle of an image, in whole pixels. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Makes a function that cuts a box out of an image and resizes it, antialiased when it shrinks: first along the
 * rows, then along the columns, with weights of 22 fractional bits, and bytes in between.
 *
 * Bit-exact with Pillow's `image.crop(box).resize(size, filter)`.
 *
 * @returns a function whose result belongs to it and is good until its next call
 */
export function makeResample(
  interpolation: Interpolation,
): (image: RawImage, box: Box, height: number, width: number) => RawImage {
  const kernel = KERNELS[interpolation];
  let between = new Uint8ClampedArray(0);
  let clamped = new Uint8ClampedArray(0);
  return (image, box, height, width) => {
    const { channels } = image;
    const rowSize = width * channels;
    const sourceSize = box.height * rowSize;
    const targetSize = height * rowSize;
    if (between.length < sourceSize + SPILL) between = new Uint8ClampedArray(sourceSize + SPILL);
    if (clamped.length !== targetSize + SPILL) clamped = new Uint8ClampedArray(targetSize + SPILL);
    resizeRows(image, box, between, makeWeights(kernel, box.width, width));
    resizeColumns(between, rowSize, clamped, makeWeights(kernel, box.height, height));
    return { width, height, channels, data: new Uint8Array(clamped.buffer, 0, targetSize) };
  };
}

/** Columns are resized four at a time, which halves the time; the last four may spill past their row's end. */
const SPILL = 3;

interface Kernel {
  /** Distance from its middle at which it ends, in source pixels when it does not shrink. */
  readonly support: number;
  at(distance: number): number;
}

const KERNELS: Readonly<Record<Interpolation, Kernel>> = {
  bicubic: {
    support: 2,
    at: (distance) => {
      const x = Math.abs(distance);
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      if (x < 2) return (((x - 5) * x + 8) * x - 4) * -0.5;
      return 0;
    },
  },
  bilinear: {
    support: 1,
    at: (distance) => Math.max(0, 1 - Math.abs(distance)),
  },
};

/** Which source pixels each target pixel takes, and how much of each. */
interface Weights {
  /** The first source pixel of each target pixel. */
  readonly first: Int32Array;
  /** How many source pixels each target pixel takes. */
  readonly count: Int32Array;
  /** `stride` fixed-point weights a target pixel. */
  readonly weights: Int32Array;
  readonly stride: number;
}

/** Fractional bits of the weights. Sums are stored in clamped arrays: a call to clamp costs more than the sum. */
const PRECISION = 22;
const HALF = 1 << (PRECISION - 1);

function makeWeights(kernel: Kernel, sourceSize: number, targetSize: number): Weights {
  const scale = sourceSize / targetSize;
  const stretch = Math.max(1, scale);
  const support = kernel.support * stretch;
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(targetSize);
  const count = new Int32Array(targetSize);
  const weights = new Int32Array(targetSize * stride);
  const exact = new Float64Array(stride);
  for (let target = 0; target < targetSize; target++) {
    const centre = (target + 0.5) * scale;
    const from = Math.max(0, Math.trunc(centre - support + 0.5));
    const taps = Math.min(sourceSize, Math.trunc(centre + support + 0.5)) - from;
    let total = 0;
    for (let tap = 0; tap < taps; tap++) {
      const weight = kernel.at((tap + from - centre + 0.5) * (1 / stretch));
      exact[tap] = weight;
      total += weight;
    }
    for (let tap = 0; tap < taps; tap++) {
      const scaled = ((exact[tap] as number) / total) * (1 << PRECISION);
      weights[target * stride + tap] = Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
    first[target] = from;
    count[target] = taps;
  }
  return { first, count, weights, stride };
}

/** Writes the box's rows at the target width into `out`, `[box.height, target width, channels]`. */
function resizeRows(image: RawImage, box: Box, out: Uint8ClampedArray, weights: Weights): void {
  const { data, channels } = image;
  const rowSize = weights.first.length * channels;
  for (let row = 0; row < box.height; row++) {
    const source = ((box.top + row) * image.width + box.left) * channels;
    const target = row * rowSize;
    if (channels === 3 && row + 1 < box.height) {
      resizeTwoColorRows(data, source, image.width * 3, out, target, weights);
      row++;
      continue;
    }
    for (let channel = 0; channel < channels; channel++) {
      resizeRow(data, source + channel, channels, out, target + channel, weights);
    }
  }
}

/** Resizes one row of one channel. */
function resizeRow(
  data: Uint8Array,
  start: number,
  stride: number,
  out: Uint8ClampedArray,
  outStart: number,
  { first, count, weights, stride: weightStride }: Weights,
): void {
  let place = outStart;
  for (let target = 0; target < first.length; target++) {
    let sum = HALF;
    let source = start + (first[target] as number) * stride;
    const begin = target * weightStride;
    const end = begin + (count[target] as number);
    for (let at = begin; at < end; at++) {
      sum = (sum + Math.imul(data[source] as number, weights[at] as number)) | 0;
      source += stride;
    }
    out[place] = sum >> PRECISION;
    place += stride;
  }
}

/** Resizes two rows of red, green and blue side by side: each weight is read once for all six. */
function resizeTwoColorRows(
  data: Uint8Array,
  start: number,
  rowSize: number,
  out: Uint8ClampedArray,
  outStart: number,
  { first, count, weights, stride }: Weights,
): void {
  const outRowSize = first.length * 3;
  let place = outStart;
  for (let target = 0; target < first.length; target++) {
    let red = HALF;
    let green = HALF;
    let blue = HALF;
    let redBelow = HALF;
    let greenBelow = HALF;
    let blueBelow = HALF;
    let source = start + (first[target] as number) * 3;
    const begin = target * stride;
    const end = begin + (count[target] as number);
    for (let at = begin; at < end; at++) {
      const weight = weights[at] as number;
      const below = source + rowSize;
      red = (red + Math.imul(data[source] as number, weight)) | 0;
      green = (green + Math.imul(data[source + 1] as number, weight)) | 0;
      blue = (blue + Math.imul(data[source + 2] as number, weight)) | 0;
      redBelow = (redBelow + Math.imul(data[below] as number, weight)) | 0;
      greenBelow = (greenBelow + Math.imul(data[below + 1] as number, weight)) | 0;
      blueBelow = (blueBelow + Math.imul(data[below + 2] as number, weight)) | 0;
      source += 3;
    }
    const placeBelow = place + outRowSize;
    out[place] = red >> PRECISION;
    out[place + 1] = green >> PRECISION;
    out[place + 2] = blue >> PRECISION;
    out[placeBelow] = redBelow >> PRECISION;
    out[placeBelow + 1] = greenBelow >> PRECISION;
    out[placeBelow + 2] = blueBelow >> PRECISION;
    place += 3;
  }
}

/** Writes `[target height, rowSize]` into `out` from rows of the same size; both have room for the spill. */
function resizeColumns(
  rows: Uint8ClampedArray,
  rowSize: number,
  out: Uint8ClampedArray,
  { first, count, weights, stride }: Weights,
): void {
  for (let target = 0; target < first.length; target++) {
    const start = (first[target] as number) * rowSize;
    const place = target * rowSize;
    const begin = target * stride;
    const end = begin + (count[target] as number);
    for (let column = 0; column < rowSize; column += 4) {
      let a = HALF;
      let b = HALF;
      let c = HALF;
      let d = HALF;
      let source = start + column;
      for (let at = begin; at < end; at++) {
        const weight = weights[at] as number;
        a = (a + Math.imul(rows[source] as number, weight)) | 0;
        b = (b + Math.imul(rows[source + 1] as number, weight)) | 0;
        c = (c + Math.imul(rows[source + 2] as number, weight)) | 0;
        d = (d + Math.imul(rows[source + 3] as number, weight)) | 0;
        source += rowSize;
      }
      // What spills is overwritten by the next row.
      out[place + column] = a >> PRECISION;
      out[place + column + 1] = b >> PRECISION;
      out[place + column + 2] = c >> PRECISION;
      out[place + column + 3] = d >> PRECISION;
    }
  }
}
