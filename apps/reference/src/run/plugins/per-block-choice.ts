import { type PerBlock, perBlock } from "@blockwise/core";
import { isPerBlock, type PerBlockConfig } from "../../config/sections/per-block.js";

/**
 * What the core is to ask for each block, made from what a configuration says. A list that is not as long as there are
 * blocks is refused when the run is wired, by the returned function.
 *
 * @throws InvalidOptionError where `create` does.
 */
export async function perBlockChoice<Config, Choice extends object | null>(
  option: string,
  choice: PerBlockConfig<Config>,
  create: (config: Config) => Choice | Promise<Choice>,
): Promise<PerBlock<Choice>> {
  if (!isPerBlock(choice)) return create(choice);
  return perBlock(await Promise.all(choice.perBlock.map(create)), `${option}.perBlock`);
}
