import type { PerBlock } from "@blockwise/core";
import { InvalidOptionError } from "@blockwise/spec";
import { isPerBlock, type PerBlockConfig } from "../../config/sections/per-block.js";

/**
 * What the core is to ask for each block, made from what a configuration says. A list that is not as long as there are
 * blocks is refused when the run is wired, by the returned function.
 *
 * @throws InvalidOptionError where `create` does.
 */
export function perBlockChoice<Config, Choice extends object | null>(
  option: string,
  choice: PerBlockConfig<Config>,
  create: (config: Config) => Choice,
): PerBlock<Choice> {
  if (!isPerBlock(choice)) return create(choice);
  const choices = choice.perBlock.map(create);
  return ({ index, count }) => {
    if (choices.length === count) return choices[index] as Choice;
    throw new InvalidOptionError({
      option: `${option}.perBlock`,
      expected: `a list of ${count}, as many as the partition has blocks`,
      received: `a list of ${choices.length}`,
      hint: "Give one entry a block, or one choice for all blocks without perBlock.",
    });
  };
}
