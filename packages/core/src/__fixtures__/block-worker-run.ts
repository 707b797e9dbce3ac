import type { EngineV1, JsonObject } from "@blockwise/spec";
import type { BlockWorkersOptions } from "../block-workers/block-workers-options.js";
import type { TrainerOptions } from "../trainer/trainer.js";
import { tinyRun } from "./tiny-run.js";

/** `tinyRun` with its blocks in threads. @param options Of `block-worker-recipe.mjs`. */
export function threadedRun(
  engine: EngineV1,
  placement: BlockWorkersOptions["placement"],
  options: JsonObject = {},
): TrainerOptions {
  const module = new URL("./block-worker-recipe.mjs", import.meta.url).href;
  const recipe = { module, exportName: "makeTinyNetwork", options };
  return { ...tinyRun(engine), blockWorkers: { placement, recipe } };
}
