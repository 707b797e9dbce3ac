import { generator, rootKey } from "@blockwise/random";
import type { RandomGenerator } from "@blockwise/spec";

/** What a generator was asked for, and what it gave. */
export interface Draw {
  readonly kind: "uniform" | "integer" | "normal";
  /** Of an integer; 0 otherwise. */
  readonly bound: number;
  readonly value: number;
}

/** A generator of a seed that writes down what it gives, so that another thread can be given the same. */
export function recordingGenerator(seed: number): {
  readonly random: RandomGenerator;
  readonly draws: readonly Draw[];
} {
  const source = generator(rootKey(seed));
  const draws: Draw[] = [];
  const note = (kind: Draw["kind"], bound: number, value: number): number => {
    draws.push({ kind, bound, value });
    return value;
  };
  return {
    draws,
    random: {
      uniform: () => note("uniform", 0, source.uniform()),
      integer: (bound) => note("integer", bound, source.integer(bound)),
      normal: () => note("normal", 0, source.normal()),
    },
  };
}
