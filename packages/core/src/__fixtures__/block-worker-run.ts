import type { EngineV1, JsonObject } from "@blockwise/spec";
import type { BlockWorkersOptions, NetworkRecipe } from "../block-workers/block-workers-options.js";
import type { TrainerOptions } from "../trainer/trainer.js";
import { tinyRun } from "./tiny-run.js";

/** `tinyRun` with its blocks in threads. @param options Of `block-worker-recipe.mjs`. */
export function threadedRun(
  engine: EngineV1,
  placement: BlockWorkersOptions["placement"],
  options: JsonObject = {},
): TrainerOptions {
  return { ...tinyRun(engine), blockWorkers: { placement, recipe: recipeOf(options) } };
}

/** `tinyRun` with parts of its batches in threads. @param options Of `block-worker-recipe.mjs`. */
export function sharedRun(engine: EngineV1, count: number, options: JsonObject = {}): TrainerOptions {
  return { ...tinyRun(engine), batchWorkers: { count, recipe: recipeOf(options) } };
}

function recipeOf(options: JsonObject): NetworkRecipe {
  const module = new URL("./block-worker-recipe.mjs", import.meta.url).href;
  return { module, exportName: "makeTinyNetwork", options };
}
