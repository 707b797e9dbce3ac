import { createEngine } from "@blockwise/engine";
import type { EngineV1 } from "@blockwise/spec";
import type { ResolvedConfig, RunConfig } from "../config/schema.js";
import { type DataLocations, type DatasetOpener, type OpenedData, openData } from "./open-data.js";
import { createPlugins, type RunPlugins } from "./plugins.js";
import { resolvePartition } from "./resolve-partition.js";

/** A run with all that it is made from. */
export interface OpenedRun {
  readonly config: ResolvedConfig;
  readonly engine: EngineV1;
  readonly data: OpenedData;
  readonly plugins: RunPlugins;
}

/** Prepares the engine, opens the images and makes the plugins of a run. @throws BlockwiseError */
export async function openRun(
  config: RunConfig,
  note: (message: string) => void,
  locations: DataLocations,
  open?: DatasetOpener,
): Promise<OpenedRun> {
  const engine = await createEngine({ name: config.engine });
  note(`engine: ${engine.description}`);
  const data = await openData(config, note, locations, open);
  const plugins = await createPlugins(data.config, data.statistics);
  const { classCount } = data;
  return {
    config: resolvePartition(data.config, { engine, plugins, classCount }, note),
    engine,
    data,
    plugins,
  };
}
