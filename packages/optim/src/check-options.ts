import { InvalidOptionError } from "@blockwise/spec";

/** Throws unless `0 <= value < 1`. */
export function checkFraction(option: string, value: number): void {
  if (!(value >= 0 && value < 1)) {
    throw new InvalidOptionError({
      option,
      expected: "a number from 0 up to but not including 1",
      received: value,
    });
  }
}

/** Throws unless a number is finite and at least 0. */
export function checkNotNegative(option: string, value: number): void {
  if (!(value >= 0 && Number.isFinite(value))) {
    throw new InvalidOptionError({ option, expected: "a finite number of at least 0", received: value });
  }
}

/** Throws unless a number is finite and above 0. */
export function checkPositive(option: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new InvalidOptionError({ option, expected: "a finite number above 0", received: value });
  }
}

/** Throws unless a value is true or false. */
export function checkBoolean(option: string, value: boolean): void {
  if (typeof value !== "boolean") {
    throw new InvalidOptionError({ option, expected: "true or false", received: value });
  }
}
