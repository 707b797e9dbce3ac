import type { RawImage } from "@blockwise/spec";

/**
 * Makes a function that blurs by a Gaussian of standard deviation `sigma` pixels, as three extended box blurs along
 * the rows and then three along the columns; beyond its edge the image goes on with its edge pixels.
 *
 * Bit-exact with Pillow's `GaussianBlur(sigma)`, which approximates a Gaussian; its cost does not grow with `sigma`.
 *
 * @see Gwosdek et al., Theoretical foundations of Gaussian convolution by extended box filtering, 2011
 */
export function makeGaussianBlur(): (image: RawImage, out: RawImage, sigma: number) => void {
  let one = new Uint8Array(0);
  let other = new Uint8Array(0);
  return (image, out, sigma) => {
    const { width, height, channels } = image;
    const box = makeBox(boxRadius(sigma));
    const longest = Math.max(width, height) + 2 * (box.radius + 1);
    if (one.length < longest) {
      one = new Uint8Array(longest);
      other = new Uint8Array(longest);
    }
    const rowSize = width * channels;
    for (let row = 0; row < height; row++) {
      for (let channel = 0; channel < channels; channel++) {
        blurLine(image.data, out.data, row * rowSize + channel, channels, width, one, other, box);
      }
    }
    for (let column = 0; column < rowSize; column++) {
      blurLine(out.data, out.data, column, rowSize, height, one, other, box);
    }
  };
}

const PASSES = 3;

/** A box with fractional ends, in 24-bit fixed point. */
interface ExtendedBox {
  /** Whole pixels on either side. */
  readonly radius: number;
  /** The weight of each whole pixel. */
  readonly weight: number;
  /** The weight of the pixel beyond on either side. */
  readonly endWeight: number;
}

/** The box's radius, whole part and fraction, in the float32 steps of Pillow. */
function boxRadius(sigma: number): number {
  const f = Math.fround;
  const rounded = f(sigma);
  const variance = f(f(rounded * rounded) / PASSES);
  const whole = Math.floor((f(Math.sqrt(12 * variance + 1)) - 1) / 2);
  const above = f((2 * whole + 1) * f(whole * (whole + 1) - f(3 * variance)));
  const below = f(6 * f(variance - (whole + 1) * (whole + 1)));
  return f(whole + f(above / below));
}

function makeBox(radius: number): ExtendedBox {
  const whole = Math.trunc(radius);
  const weight = Math.trunc(Math.fround(2 ** 24 / Math.fround(radius * 2 + 1)));
  return { radius: whole, weight, endWeight: Math.floor((2 ** 24 - (2 * whole + 1) * weight) / 2) };
}

/** Blurs `count` bytes that are `stride` apart, in three passes between two lines with room beyond both ends. */
function blurLine(
  source: Uint8Array,
  target: Uint8Array,
  start: number,
  stride: number,
  count: number,
  one: Uint8Array,
  other: Uint8Array,
  box: ExtendedBox,
): void {
  const reach = box.radius + 1;
  for (let place = 0, at = start; place < count; place++, at += stride) {
    one[reach + place] = source[at] as number;
  }
  blurPass(one, other, count, box);
  blurPass(other, one, count, box);
  blurPass(one, other, count, box);
  for (let place = 0, at = start; place < count; place++, at += stride) {
    target[at] = other[reach + place] as number;
  }
}

function blurPass(
  from: Uint8Array,
  to: Uint8Array,
  count: number,
  { radius, weight, endWeight }: ExtendedBox,
): void {
  const reach = radius + 1;
  const head = from[reach] as number;
  const tail = from[reach + count - 1] as number;
  for (let place = 0; place < reach; place++) {
    from[place] = head;
    from[reach + count + place] = tail;
  }
  const span = 2 * radius + 1;
  let sum = 0;
  for (let place = 0; place < span; place++) sum += from[place] as number;
  for (let place = 0; place < count; place++) {
    const before = from[place] as number;
    sum = (sum + (from[place + span] as number) - before) | 0;
    const ends = before + (from[place + span + 1] as number);
    to[reach + place] = (Math.imul(sum, weight) + Math.imul(ends, endWeight) + 0x800000) >>> 24;
  }
}
