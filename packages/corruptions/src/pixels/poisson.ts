import type { RandomGenerator } from "@blockwise/spec";

/**
 * Makes a function that draws from a Poisson distribution by inverting its cumulative distribution: exact but for
 * rounding, and one uniform number a draw whatever the mean, so that a mean moves no later draw.
 *
 * @param mean - from 0 to 700, where `exp(-mean)` is still a number above 0
 */
export function makePoisson(mean: number): (random: RandomGenerator) => number {
  const cumulative: number[] = [];
  let probability = Math.exp(-mean);
  let sum = probability;
  // Past the mean, terms fall; those that no longer move the sum cannot be drawn.
  for (let count = 0; cumulative.length <= mean || sum > (cumulative.at(-1) ?? 0); ) {
    cumulative.push(sum);
    count += 1;
    probability *= mean / count;
    sum += probability;
  }
  return (random) => firstAbove(cumulative, random.uniform());
}

/** The first place with a value above `wanted`; the last place where there is none. */
function firstAbove(ascending: readonly number[], wanted: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] as number) > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}
