import { bits } from "./bits.js";
import { inverseNormal } from "./inverse-normal.js";
import type { RandomKey } from "./key.js";

/**
 * Fills `out` with N(0, 1), each value from 32 random bits: bit-identical on every platform, at most 6.3 in size.
 *
 * @param out - any length; overwritten
 */
export function fillNormal(key: RandomKey, out: Float32Array): void {
  const next = bits(key);
  for (let place = 0; place < out.length; place++) out[place] = inverseNormal(next() >>> 0, 2 ** 32);
}

/**
 * Fills `out` with uniform numbers in [0, 1): multiples of 2^-24, so that float32 never rounds one up to 1.
 *
 * @param out - any length; overwritten
 */
export function fillUniform(key: RandomKey, out: Float32Array): void {
  const next = bits(key);
  for (let place = 0; place < out.length; place++) out[place] = (next() >>> 8) * 2 ** -24;
}
