import { InvalidOptionError } from "@blockwise/spec";
import { bits } from "./bits.js";
import { below } from "./generator.js";
import type { RandomKey } from "./key.js";

/**
 * The integers from 0 to `size - 1` in random order (Fisher-Yates): each order is equally likely.
 *
 * @returns a new array of `size` integers
 * @throws InvalidOptionError for a size that is no integer from 0 to 2^32 - 1.
 */
export function permutation(key: RandomKey, size: number): Uint32Array {
  if (!Number.isInteger(size) || size < 0 || size >= 2 ** 32) {
    throw new InvalidOptionError({
      option: "size",
      expected: "an integer from 0 to 2^32 - 1",
      received: size,
    });
  }
  const next = bits(key);
  const order = new Uint32Array(size);
  for (let place = 0; place < size; place++) order[place] = place;
  for (let last = size - 1; last > 0; last--) {
    const chosen = below(next, last + 1);
    const value = order[last] as number;
    order[last] = order[chosen] as number;
    order[chosen] = value;
  }
  return order;
}
