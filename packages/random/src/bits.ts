import type { RandomKey } from "./key.js";
import { threefry } from "./threefry.js";
import { xoshiro } from "./xoshiro.js";

/**
 * The stream of random words that a key stands for.
 *
 * The state is two Threefry blocks under the key. They differ, because Threefry is a bijection, so the state is
 * never all zero.
 *
 * @returns a function that gives the next signed 32-bit integer
 */
export function bits(key: RandomKey): () => number {
  const [a, b] = threefry(key.high, key.low, STATE_MARK, 0);
  const [c, d] = threefry(key.high, key.low, STATE_MARK, 1);
  return xoshiro([a, b, c, d]);
}

/** Keeps states apart from keys folded with the same integers: no integer part has this upper word. */
const STATE_MARK = 0x47454e00;
