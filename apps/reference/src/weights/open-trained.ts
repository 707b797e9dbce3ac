import type { Network } from "@blockwise/core";
import { createEngine } from "@blockwise/engine";
import type { EngineV1 } from "@blockwise/spec";
import { readResolvedConfig } from "../config/load-config.js";
import type { ResolvedConfig } from "../config/schema.js";
import { type InputRecord, readInputRecord } from "../run/input-record.js";
import { openNetwork } from "../run/open-network.js";
import { createPlugins, type RunPlugins } from "../run/plugins.js";
import { runFolder } from "../run/run-folder.js";

/** A run's network, and what it expects of images. The caller disposes of the network. */
export interface TrainedRun {
  readonly config: ResolvedConfig;
  readonly input: InputRecord;
  readonly engine: EngineV1;
  readonly plugins: RunPlugins;
  readonly network: Network;
}

/** Opens a run from its folder alone, without its images. @throws CheckpointError, InvalidOptionError, StorageError */
export async function openTrained(folder: string): Promise<TrainedRun> {
  const config = await readResolvedConfig(runFolder(folder).config);
  const input = await readInputRecord(folder);
  const engine = await createEngine({ name: config.engine });
  const plugins = await createPlugins(config, input);
  const network = await openNetwork({ config, engine, data: input, plugins }, folder);
  return { config, input, engine, plugins, network };
}
