import { InvalidOptionError } from "@blockwise/spec";
import { threefry } from "./threefry.js";

/** What a random number is for, as 64 bits: two unsigned 32-bit words. Immutable; plain JSON. */
export interface RandomKey {
  /** The upper 32 bits, unsigned. */
  readonly high: number;
  /** The lower 32 bits, unsigned. */
  readonly low: number;
}

/**
 * The key at the root of a run: all others are folded from it.
 *
 * @param seed - an integer from 0 to 2^53 - 1
 * @throws InvalidOptionError for any other seed.
 * @example
 * const run = rootKey(1);
 * const order = permutation(fold(run, "order", epoch), 50_000);
 */
export function rootKey(seed: number): RandomKey {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new InvalidOptionError({
      option: "seed",
      expected: "an integer from 0 to 2^53 - 1",
      received: seed,
    });
  }
  return absorb({ high: 0, low: 0 }, Math.floor(seed / TWO_TO_32), seed);
}

/**
 * A key for one purpose under another key: `fold(run, "augment", epoch, sample, view)`.
 *
 * Each part goes through one Threefry block (strings: one for the length, then one for each four UTF-16 units),
 * so that keys differ in about half their bits whatever the change. Order matters, and `1` differs from `"1"`.
 * Folding parts at once or one after the other gives the same key.
 *
 * @param parts - safe integers and strings
 * @throws InvalidOptionError for a number that is no safe integer.
 */
export function fold(key: RandomKey, ...parts: readonly (number | string)[]): RandomKey {
  let folded = key;
  for (const part of parts) {
    folded = typeof part === "string" ? absorbString(folded, part) : absorbInteger(folded, part);
  }
  return folded;
}

function absorb(key: RandomKey, blockHigh: number, blockLow: number): RandomKey {
  const [high, low] = threefry(key.high, key.low, blockHigh, blockLow);
  return { high, low };
}

function absorbInteger(key: RandomKey, value: number): RandomKey {
  if (!Number.isSafeInteger(value)) {
    throw new InvalidOptionError({
      option: "parts",
      expected: "safe integers and strings",
      received: value,
      hint: "Scale fractions to integers or pass them as strings.",
    });
  }
  return absorb(key, Math.floor(value / TWO_TO_32), value);
}

function absorbString(key: RandomKey, text: string): RandomKey {
  let folded = absorb(key, STRING_MARK, text.length);
  for (let place = 0; place < text.length; place += 4) {
    folded = absorb(folded, twoUnits(text, place), twoUnits(text, place + 2));
  }
  return folded;
}

function twoUnits(text: string, place: number): number {
  // Past the end charCodeAt is NaN, which the shift and the or read as 0; the length keeps "a" and "a\0" apart.
  return (text.charCodeAt(place) << 16) | text.charCodeAt(place + 1);
}

const TWO_TO_32 = 2 ** 32;

/** No safe integer has this upper word (theirs have 22 bits with the sign), so no string begins like a number. */
const STRING_MARK = 0x53545200;
