/**
 * Threefry-2x32 with 20 rounds: a keyed bijection on 64-bit blocks, made of additions, rotations and
 * exclusive-ors of 32-bit words only.
 *
 * @param key - two words
 * @param block - two words
 * @returns two unsigned words
 * @see Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011; the reference is Random123.
 */
export function threefry(
  keyHigh: number,
  keyLow: number,
  blockHigh: number,
  blockLow: number,
): readonly [high: number, low: number] {
  let first = keyHigh | 0;
  let second = keyLow | 0;
  let third = first ^ second ^ SKEIN_PARITY;
  let high = (blockHigh + first) | 0;
  let low = (blockLow + second) | 0;
  for (let group = 1; group <= 5; group++) {
    for (const rotation of group % 2 === 1 ? ODD_GROUP : EVEN_GROUP) {
      high = (high + low) | 0;
      low = ((low << rotation) | (low >>> (32 - rotation))) ^ high;
    }
    const last = first;
    first = second;
    second = third;
    third = last;
    high = (high + first) | 0;
    low = (low + second + group) | 0;
  }
  return [high >>> 0, low >>> 0];
}

const SKEIN_PARITY = 0x1bd11bda;

/** The rotations of the four rounds between two additions of key words, counted from 1. */
const ODD_GROUP = [13, 15, 26, 6] as const;
const EVEN_GROUP = [17, 29, 16, 24] as const;
