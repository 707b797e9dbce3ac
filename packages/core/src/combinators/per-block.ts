import { InvalidOptionError } from "@blockwise/spec";
import type { BlockPlace } from "../wiring/block-definition.js";

/**
 * Chooses block by block from a list, one entry a block in their order: losses, heads, projectors or noise.
 *
 * @param option What the list is called in errors: the field of a configuration. @default "perBlock"
 * @throws InvalidOptionError when the run is wired, where there are not as many entries as blocks.
 * @example
 * const loss = perBlock([greedyInfoMax(), barlowTwins(), barlowTwins(), barlowTwins()]);
 */
export function perBlock<T>(choices: readonly T[], option = "perBlock"): (place: BlockPlace) => T {
  // The caller may go on to change its list.
  const own = [...choices];
  return ({ index, count }) => {
    if (own.length === count) return own[index] as T;
    throw new InvalidOptionError({
      option,
      expected: `a list of ${count}, as many as the partition has blocks`,
      received: `a list of ${own.length}`,
      hint: "Give one entry a block, or one choice for all blocks without a list.",
    });
  };
}
