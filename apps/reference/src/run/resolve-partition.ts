import { balancePartition } from "@blockwise/core";
import type { EngineV1 } from "@blockwise/spec";
import type { ImageResolvedConfig, ResolvedConfig } from "../config/schema.js";
import { isBalanced } from "../config/sections/partition.js";
import type { RunPlugins } from "./plugins.js";

/**
 * Settles a balanced partition to lists of units, so that a run which is resumed, maybe on another engine, has the same
 * blocks; any other partition is left as it is.
 *
 * @throws InvalidOptionError, ShapeMismatchError
 */
export function resolvePartition(
  config: ImageResolvedConfig,
  run: {
    readonly engine: EngineV1;
    readonly plugins: RunPlugins;
    readonly classCount: number | null;
  },
  note: (message: string) => void,
): ResolvedConfig {
  const { partition, batchSize } = config;
  if (!isBalanced(partition)) return { ...config, partition };
  const { engine, plugins, classCount } = run;
  const { height, width, channels } = plugins.trainingViews.shape;
  const lists = balancePartition(
    { ...plugins, imageShape: [height, width, channels], batchSize, classCount },
    { ...partition, engine },
  ).map((units) => [...units]);
  note(`partition: balanced by ${partition.balance}: ${lists.map((units) => units.join(" ")).join(" | ")}`);
  return { ...config, partition: lists };
}
