import { InvalidOptionError } from "@blockwise/spec";

/** Throws unless a value is a whole number of at least 1. */
export function checkCount(option: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 1)) {
    throw new InvalidOptionError({ option, expected: "a whole number of at least 1", received: value });
  }
}

/** Throws unless a number is finite and above 0. */
export function checkPositive(option: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new InvalidOptionError({ option, expected: "a finite number above 0", received: value });
  }
}

/** Throws unless a number is finite and at least 0. */
export function checkNotNegative(option: string, value: number): void {
  if (!(value >= 0 && Number.isFinite(value))) {
    throw new InvalidOptionError({ option, expected: "a finite number of at least 0", received: value });
  }
}
