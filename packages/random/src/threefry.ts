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
  const keys = [keyHigh | 0, keyLow | 0, keyHigh ^ keyLow ^ SKEIN_PARITY] as const;
  let high = (blockHigh + keyHigh) | 0;
  let low = (blockLow + keyLow) | 0;
  for (const [group, schedule] of GROUPS.entries()) {
    for (const rotation of schedule.rotations) {
      high = (high + low) | 0;
      low = ((low << rotation) | (low >>> (32 - rotation))) ^ high;
    }
    high = (high + keys[schedule.first]) | 0;
    low = (low + keys[schedule.second] + group + 1) | 0;
  }
  return [high >>> 0, low >>> 0];
}

const SKEIN_PARITY = 0x1bd11bda;

const EVEN = [13, 15, 26, 6] as const;
const ODD = [17, 29, 16, 24] as const;

/** The rotations of each group of four rounds and the key words added after it. */
const GROUPS = [
  { rotations: EVEN, first: 1, second: 2 },
  { rotations: ODD, first: 2, second: 0 },
  { rotations: EVEN, first: 0, second: 1 },
  { rotations: ODD, first: 1, second: 2 },
  { rotations: EVEN, first: 2, second: 0 },
] as const;
