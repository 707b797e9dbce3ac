import { fold, rootKey } from "@blockwise/random";

/**
 * Whether an image belongs to the held-out split: a random number keyed by the seed and the image's name falls below
 * `fraction`. Adding or removing other images never moves it.
 */
export function isHeldOut(name: string, fraction: number, seed: number): boolean {
  const { high } = fold(rootKey(seed), "hold-out", name);
  return high * 2 ** -32 < fraction;
}
