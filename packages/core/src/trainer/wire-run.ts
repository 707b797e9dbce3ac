import { createLoader, type Loader } from "@blockwise/loader";
import { fold, rootKey } from "@blockwise/random";
import { requirePlacement } from "../block-workers/placement.js";
import { requireTimetableFits } from "../timetable/require-timetable-fits.js";
import { type ResolvedTimetable, resolveTimetable } from "../timetable/timetable.js";
import { createNetwork, type Network } from "../wiring/network.js";
import { tryNetwork } from "../wiring/try-network.js";
import { requireViewCount } from "./check-options.js";
import type { TrainerOptions } from "./trainer.js";

/** What a run works with. */
export interface WiredRun {
  readonly network: Network;
  readonly loader: Loader;
  readonly timetable: ResolvedTimetable;
}

/**
 * Makes a run's parts from options that are right by themselves, and checks that they fit each other.
 *
 * @throws IncompatibleSpecVersionError, InvalidOptionError, ShapeMismatchError
 */
export function wireRun(options: TrainerOptions): WiredRun {
  const { source, augmentation, batchSize, seed, workers, epochs, timetable = "simultaneous" } = options;
  const { height, width, channels } = augmentation.shape;
  // The network first: a loader that starts to work and is not wanted would have to be waited for.
  const network = createNetwork({
    ...options,
    imageShape: [height, width, channels],
    classCount: source.classNames?.length ?? null,
  });
  try {
    const blocks = network.learners.map(({ definition }) => definition);
    for (const { loss } of blocks) requireViewCount(loss.capabilities.views, augmentation);
    if (options.blockWorkers != null) requirePlacement(options.blockWorkers.placement, blocks);
    tryNetwork(network);
    const loader = createLoader({
      source,
      augmentation,
      batchSize,
      key: fold(rootKey(seed), "data"),
      ...(workers === undefined ? {} : { workers }),
    });
    try {
      const stepsPerPhase = Math.min(
        epochs * loader.batchesPerEpoch,
        options.maxSteps ?? Number.POSITIVE_INFINITY,
      );
      const resolved = resolveTimetable(timetable, { blockCount: blocks.length, stepsPerPhase });
      requireTimetableFits(timetable, resolved, blocks);
      return { network, loader, timetable: resolved };
    } catch (error) {
      void loader.close();
      throw error;
    }
  } catch (error) {
    network.dispose();
    throw error;
  }
}
