import { InvalidOptionError, type RandomGenerator } from "@blockwise/spec";
import { bits } from "./bits.js";
import { inverseNormal } from "./inverse-normal.js";
import type { RandomKey } from "./key.js";

/**
 * A generator of the random numbers that a key stands for: the same key gives the same numbers on every platform.
 *
 * `uniform` has 53 random bits; `normal` is the inverse cumulative distribution of one 53-bit uniform, so it takes
 * one draw and no rejection; `integer` is unbiased by rejection.
 *
 * @example
 * const random = generator(fold(rootKey(1), "noise", 3));
 * const angle = 360 * random.uniform();
 */
export function generator(key: RandomKey): RandomGenerator {
  const next = bits(key);
  const wide = (): number => (next() >>> 5) * 2 ** 26 + (next() >>> 6);
  return {
    uniform: () => wide() * 2 ** -53,
    integer: (bound) => {
      if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
        throw new InvalidOptionError({
          option: "bound",
          expected: "an integer from 1 to 2^32",
          received: bound,
        });
      }
      return below(next, bound);
    },
    normal: () => inverseNormal(wide(), 2 ** 53),
  };
}

/**
 * An unbiased integer in [0, bound): words in the last, incomplete run of `bound` numbers are drawn again.
 *
 * @param next - a source of 32-bit words
 * @param bound - an integer from 1 to 2^32
 */
export function below(next: () => number, bound: number): number {
  const limit = 2 ** 32 - (2 ** 32 % bound);
  let word = next() >>> 0;
  while (word >= limit) word = next() >>> 0;
  return word % bound;
}
