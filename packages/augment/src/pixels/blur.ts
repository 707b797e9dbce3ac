import type { RawImage } from "@blockwise/spec";
import { bytesAt, kernels, layOut } from "./kernels.js";

/**
 * Blurs by a Gaussian of standard deviation `sigma` pixels, as three extended box blurs along
 * the rows and then three along the columns; beyond its edge the image goes on with its edge pixels.
 *
 * Bit-exact with Pillow's `GaussianBlur(sigma)`, which approximates a Gaussian; its cost does not grow with `sigma`.
 *
 * @see Gwosdek et al., Theoretical foundations of Gaussian convolution by extended box filtering, 2011
 */
export function gaussianBlurInto(image: RawImage, out: RawImage, sigma: number): void {
  const { width, height, channels, data } = image;
  const { radius, weight, endWeight } = makeBox(boxRadius(sigma));
  const lineBytes = LINES * (Math.max(width, height) + 2 * (radius + 1));
  const [pixels = 0, one = 0, other = 0] = layOut(data.length, lineBytes, lineBytes);
  bytesAt(pixels, data.length).set(data);
  kernels.blurRows(pixels, width, height, channels, one, other, radius, weight, endWeight);
  kernels.blurColumns(pixels, width, height, channels, one, other, radius, weight, endWeight);
  out.data.set(bytesAt(pixels, data.length));
}

/** Lines that the kernels blur side by side. */
const LINES = 16;

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
