import { createNetwork, latestCheckpoint, loadCheckpoint, type Network } from "@blockwise/core";
import { CheckpointError } from "@blockwise/spec";
import { commandLine } from "../commands/command-line.js";
import type { OpenedRun } from "./open-run.js";
import { runFolder } from "./run-folder.js";

/** The network of a run, with the weights of its newest checkpoint; a run of no epochs has its random ones. */
export async function openNetwork(
  {
    config,
    engine,
    data,
    plugins,
  }: Omit<OpenedRun, "data"> & {
    readonly data: { readonly classCount: number | null };
  },
  folder: string,
): Promise<Network> {
  const { height, width, channels } = plugins.evaluationView.shape;
  const network = createNetwork({
    ...plugins,
    engine,
    partition: config.partition,
    imageShape: [height, width, channels],
    batchSize: config.batchSize,
    classCount: data.classCount,
    seed: config.seed,
  });
  if (config.epochs === 0) return network;
  const { checkpoints } = runFolder(folder);
  const path = await latestCheckpoint(checkpoints);
  if (path === null) {
    network.dispose();
    throw new CheckpointError(
      `There is no checkpoint in ${checkpoints}. Train the run first: ${commandLine(["train", "--resume", "--out", folder])}`,
      { path: checkpoints },
    );
  }
  await loadCheckpoint(path, network.learners, null);
  return network;
}
