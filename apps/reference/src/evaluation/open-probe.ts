import { basename } from "node:path";
import {
  calibrateProbe,
  createFeatureProbe,
  type FeatureProbe,
  latestCheckpoint,
  type Network,
} from "@blockwise/core";
import type { AugmentationV1, DataSourceV1, JsonObject } from "@blockwise/spec";
import { openNetwork } from "../run/open-network.js";
import type { OpenedRun } from "../run/open-run.js";
import { runFolder } from "../run/run-folder.js";

const calibrationBatches = 50;

/** A run's network, ready to have its features read. */
export interface OpenedProbe {
  readonly network: Network;
  readonly probe: FeatureProbe;
  /** The checkpoint that the weights are from; null for random ones. */
  readonly checkpoint: string | null;
  /** How layers that were never trained got their running statistics, in words; `"none"` where there are none. */
  readonly calibration: string;
  dispose(): void;
}

/**
 * Opens a run's network for reading features after every stage. Running statistics of layers that were never trained are
 * taken from `train`, without which a control would look worse than it is.
 *
 * @throws CheckpointError for a run that is not trained.
 */
export async function openProbe(run: OpenedRun, folder: string, train: DataSourceV1): Promise<OpenedProbe> {
  const { config, plugins } = run;
  const network = await openNetwork(run, folder);
  const path = config.epochs === 0 ? null : await latestCheckpoint(runFolder(folder).checkpoints);
  const checkpoint = path === null ? null : basename(path);
  const probe = createFeatureProbe({ network, head: plugins.head, seed: config.seed });
  const dispose = (): void => {
    probe.dispose();
    network.dispose();
  };
  try {
    const untrained = config.epochs === 0 ? "all" : "fresh-heads";
    if (untrained === "fresh-heads" && probe.depths.every(({ trainedHead }) => trainedHead))
      return { network, probe, checkpoint, calibration: "none", dispose };
    const augmentation = plugins.evaluationView;
    await calibrateProbe({ probe, source: train, augmentation }, untrained, calibrationBatches);
    const layers = untrained === "all" ? "all layers" : "untrained heads";
    const calibration = `running statistics of ${layers} from ${calibrationBatches} batches of 256 images`;
    return { network, probe, checkpoint, calibration, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** How features were read, as the protocol beside a result says it. */
export function describeReading({ checkpoint, calibration }: OpenedProbe, view: AugmentationV1): JsonObject {
  return {
    checkpoint,
    raw: "the block's output in evaluation mode, averaged over height and width",
    head: "the block's head output in evaluation mode",
    calibration,
    view: { id: view.id, ...view.options },
  };
}
