/** Four 32-bit words, not all zero. */
export type XoshiroState = readonly [number, number, number, number];

/**
 * The xoshiro128++ generator: 32 bits a call, period 2^128 - 1.
 *
 * @returns a function that gives the next signed 32-bit integer
 * @see Blackman and Vigna, Scrambled linear pseudorandom number generators, 2021
 */
export function xoshiro(state: XoshiroState): () => number {
  let a = state[0] | 0;
  let b = state[1] | 0;
  let c = state[2] | 0;
  let d = state[3] | 0;
  return () => {
    const sum = (a + d) | 0;
    const result = (((sum << 7) | (sum >>> 25)) + a) | 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
}
