import { z } from "zod";

/** One choice for all blocks, or a list with one a block. */
export type PerBlockConfig<Choice> = Choice | { readonly perBlock: readonly Choice[] };

/** A section that can be chosen block by block. */
export function perBlock<Choice extends z.ZodType>(choice: Choice) {
  return z.union([choice, z.strictObject({ perBlock: z.array(choice).min(1) })]);
}

/** Whether a choice is made block by block. */
export function isPerBlock<Choice>(
  choice: PerBlockConfig<Choice>,
): choice is { readonly perBlock: readonly Choice[] } {
  return typeof choice === "object" && choice !== null && "perBlock" in choice;
}

/** The choice of the last block. */
export function lastChoice<Choice>(choice: PerBlockConfig<Choice>): Choice {
  return isPerBlock(choice) ? (choice.perBlock.at(-1) as Choice) : choice;
}
