import type { BlockWorkerPlace, BlockWorkerPlugins, NetworkRecipe } from "@blockwise/core";
import { createEngine, type EngineName } from "@blockwise/engine";
import type { EngineV1, JsonObject } from "@blockwise/spec";
import type { ResolvedConfig } from "../config/schema.js";
import type { InputStatistics } from "./input-statistics.js";
import { createPlugins } from "./plugins.js";

/** What a run's network is made from again; JSON. */
interface RecipeOptions {
  readonly config: ResolvedConfig;
  readonly statistics: InputStatistics;
  readonly engine: EngineName;
}

const isSource = import.meta.url.endsWith(".ts");
const moduleUrl = new URL(isSource ? "../../dist/network-recipe.js" : "./network-recipe.js", import.meta.url);

/** How threads make the network of a run. */
export function networkRecipe(run: {
  readonly config: ResolvedConfig;
  readonly statistics: InputStatistics;
  readonly engine: EngineV1;
}): NetworkRecipe {
  const { config, statistics, engine } = run;
  const { channels, mean, std } = statistics;
  // A copy through JSON: threads are given no more than a file would hold.
  const options = JSON.parse(
    JSON.stringify({ config, statistics: { channels, mean, std }, engine: engine.id }),
  ) as JsonObject;
  return { module: moduleUrl.href, exportName: "makeNetwork", options };
}

/** Makes what the blocks of a thread are made from. @throws BlockwiseError */
export async function makeNetwork(
  options: JsonObject,
  { threads }: BlockWorkerPlace,
): Promise<BlockWorkerPlugins> {
  const { config, statistics, engine } = options as unknown as RecipeOptions;
  return {
    ...(await createPlugins(config, statistics)),
    engine: await createEngine({ name: engine, threads }),
  };
}
