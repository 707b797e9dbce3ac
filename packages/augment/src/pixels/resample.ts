import type { RawImage } from "@blockwise/spec";
import { type Address, bytesAt, integersAt, kernels, layOut } from "./kernels.js";

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
  const weightsFor = rememberWeights(KERNELS[interpolation]);
  let out = new Uint8Array(0);
  return (image, box, height, width) => {
    const { channels } = image;
    const rowBytes = width * channels;
    const sourceRowBytes = image.width * channels;
    const source = image.data.subarray(box.top * sourceRowBytes, (box.top + box.height) * sourceRowBytes);
    const across = weightsFor(box.width, width);
    const down = weightsFor(box.height, height);
    const [pixels = 0, between = 0, target = 0, acrossAt = 0, downAt = 0] = layOut(
      source.length,
      box.height * rowBytes,
      height * rowBytes,
      sizeOf(across),
      sizeOf(down),
    );
    bytesAt(pixels, source.length).set(source);
    const left = pixels + box.left * channels;
    const rows = box.height;
    const [rowFirst, rowCount, rowWeights] = place(across, acrossAt);
    kernels.resizeRows(
      left,
      sourceRowBytes,
      rows,
      channels,
      between,
      width,
      rowFirst,
      rowCount,
      rowWeights,
      across.stride,
    );
    const [first, count, weights] = place(down, downAt);
    kernels.resizeColumns(between, rowBytes, target, height, first, count, weights, down.stride);
    if (out.length !== height * rowBytes) out = new Uint8Array(height * rowBytes);
    out.set(bytesAt(target, out.length));
    return { width, height, channels, data: out };
  };
}

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

/** Fractional bits of the weights. */
const PRECISION = 22;

/** More would not come again soon where boxes have many sizes, and need more memory than time. */
const MOST_REMEMBERED = 64;

/** Boxes of small images have few sizes: their weights are made once. */
function rememberWeights(kernel: Kernel): (sourceSize: number, targetSize: number) => Weights {
  const known = new Map<number, Weights & { readonly targetSize: number }>();
  return (sourceSize, targetSize) => {
    const found = known.get(sourceSize);
    if (found?.targetSize === targetSize) return found;
    if (known.size === MOST_REMEMBERED) known.clear();
    const made = { ...makeWeights(kernel, sourceSize, targetSize), targetSize };
    known.set(sourceSize, made);
    return made;
  };
}

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

function sizeOf({ first, count, weights }: Weights): number {
  return first.byteLength + count.byteLength + weights.byteLength;
}

/** Copies weights to an address; returns where their three arrays begin. */
function place({ first, count, weights }: Weights, address: Address): readonly [Address, Address, Address] {
  const countAt = address + first.byteLength;
  const weightsAt = countAt + count.byteLength;
  integersAt(address, first.length).set(first);
  integersAt(countAt, count.length).set(count);
  integersAt(weightsAt, weights.length).set(weights);
  return [address, countAt, weightsAt];
}
