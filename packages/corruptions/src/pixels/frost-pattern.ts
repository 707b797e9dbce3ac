import type { RandomGenerator } from "@blockwise/spec";

/** Noise tables have as many entries as a byte has values. */
const TABLE = 256;
const OCTAVES = 5;
/** How much longer than wide the needles of ice are. */
const STRETCH = 3;

/**
 * Ice on a window pane: bright ridges that branch at ever finer scales, each octave stretched along a random direction.
 *
 * ```text
 * p = sum_k 0.75^k (1 - |2 n_k - 1|)^2 / sum_k 0.75^k,  n_k = smooth value noise with cells of cell / 2^k pixels
 * ice = 2 p - 0.35, cut off at 0 and 1
 * ```
 *
 * @param cell - width in pixels of the coarsest cells
 * @returns `[height, width]` from 0 to 1
 */
export function frostPattern(
  height: number,
  width: number,
  cell: number,
  random: RandomGenerator,
): Float64Array {
  const pattern = new Float64Array(height * width);
  let total = 0;
  for (let octave = 0; octave < OCTAVES; octave++) {
    const weight = 0.75 ** octave;
    const size = cell / 2 ** octave;
    total += weight;
    const noise = makeValueNoise(random);
    const angle = 2 * Math.PI * random.uniform();
    const along = Math.cos(angle) / size;
    const across = Math.sin(angle) / size;
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const u = (column * along + row * across) / STRETCH;
        const v = row * along - column * across;
        const ridge = 1 - Math.abs(2 * noise(u, v) - 1);
        const place = row * width + column;
        pattern[place] = (pattern[place] as number) + weight * ridge ** 2;
      }
    }
  }
  return pattern.map((value) => Math.min(1, Math.max(0, (2 * value) / total - 0.35)));
}

/** Random numbers from 0 to 1 at whole coordinates, smoothly interpolated in between. */
function makeValueNoise(random: RandomGenerator): (u: number, v: number) => number {
  const values = Float64Array.from({ length: TABLE }, () => random.uniform());
  const shuffle = Uint8Array.from({ length: TABLE }, () => random.integer(TABLE));
  const at = (u: number, v: number): number =>
    values[((shuffle[u & (TABLE - 1)] as number) + v) & (TABLE - 1)] as number;
  return (u, v) => {
    const left = Math.floor(u);
    const top = Math.floor(v);
    const right = smoothStep(u - left);
    const down = smoothStep(v - top);
    const above = (1 - right) * at(left, top) + right * at(left + 1, top);
    const below = (1 - right) * at(left, top + 1) + right * at(left + 1, top + 1);
    return (1 - down) * above + down * below;
  };
}

function smoothStep(share: number): number {
  return share * share * (3 - 2 * share);
}
