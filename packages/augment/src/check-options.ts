import { InvalidOptionError } from "@blockwise/spec";

/** @throws InvalidOptionError unless `value` is a number from `least` to `most`. */
export function checkBetween(option: string, value: number, least: number, most: number): void {
  if (typeof value !== "number" || !(value >= least && value <= most && Number.isFinite(value))) {
    const expected =
      most === Number.POSITIVE_INFINITY
        ? `a number of at least ${least}`
        : `a number from ${least} to ${most}`;
    throw new InvalidOptionError({ option, expected, received: value });
  }
}

/** @throws InvalidOptionError unless `value` is a probability. */
export function checkProbability(option: string, value: number): void {
  checkBetween(option, value, 0, 1);
}

/** @throws InvalidOptionError unless `range` is two finite numbers in order, the first above 0 and the last at most `most`. */
export function checkRange(option: string, range: readonly [number, number], most: number): void {
  const [low, high] = Array.isArray(range) && range.length === 2 ? range : [Number.NaN, Number.NaN];
  if (!(low > 0 && low <= high && high <= most && Number.isFinite(high))) {
    const end = most === Number.POSITIVE_INFINITY ? "" : ` and at most ${most}`;
    throw new InvalidOptionError({ option, expected: `[low, high] with low above 0${end}`, received: range });
  }
}

/** @throws InvalidOptionError unless `value` is a whole number of pixels of at least 1. */
export function checkSize(option: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidOptionError({
      option,
      expected: "a whole number of pixels of at least 1",
      received: value,
    });
  }
}

/** @throws InvalidOptionError unless `value` is one of `allowed`. */
export function checkOneOf(option: string, value: unknown, allowed: readonly (string | number)[]): void {
  if (!allowed.some((one) => one === value)) {
    throw new InvalidOptionError({
      option,
      expected: allowed.map((one) => JSON.stringify(one)).join(" or "),
      received: value,
    });
  }
}
