import { barlowTwinsViews } from "@blockwise/augment";
import { createTrainer, type Network, type Partition, type TrainerOptions } from "@blockwise/core";
import { warmupCosine } from "@blockwise/optim";
import type { AugmentationV1, BlockWorkerReadingV1, EngineV1 } from "@blockwise/spec";
import type { Workload } from "../models.js";
import { randomImages } from "../random-images.js";
import { WARM_UP } from "../time-steps.js";
import { workloadPlugins, workloadRecipe } from "./bench-network.js";

/** What is trained, and how. */
export interface ThreadedWork {
  readonly workload: Workload;
  readonly engine: EngineV1;
  readonly partition: Partition;
  readonly steps: number;
  /** Threads that make random views as in the paper; null for images as they are. */
  readonly loaderThreads: number | null;
}

/** What threads share out. */
export type Share = "batch" | "blocks";

/** How a run went. */
export interface ThreadedRun {
  /** After the steps to warm up, by the clock. */
  readonly pairsPerSecond: number;
  readonly dataWaitShare: number;
  readonly threads: readonly BlockWorkerReadingV1[] | null;
  /** All values that the network keeps at the end, as one string of bytes. */
  readonly weights: Buffer;
}

/** Trains a workload with its blocks, or parts of its batches, in so many threads, or in this one (0). */
export async function timeThreadedRun(
  work: ThreadedWork,
  threads: number,
  share: Share = "blocks",
): Promise<ThreadedRun> {
  const { workload, engine, partition, steps, loaderThreads } = work;
  const { size, batch } = workload;
  const ends: number[] = [];
  const recipe = workloadRecipe(workload, engine);
  const options: TrainerOptions = {
    ...workloadPlugins(workload, engine),
    partition,
    seed: 0,
    meters: null,
    schedule: warmupCosine({ baseLearningRate: 0.01, warmupSteps: 0 }),
    source: randomImages(4 * batch, size),
    augmentation: loaderThreads === null ? plainViews(size) : barlowTwinsViews({ size }),
    batchSize: batch,
    epochs: Math.ceil(steps / 4),
    maxSteps: steps,
    workers: loaderThreads ?? 0,
    blockWorkers: threads === 0 || share === "batch" ? null : { placement: threads, recipe },
    batchWorkers: threads === 0 || share === "blocks" ? null : { count: threads, recipe },
    callbacks: [
      {
        specificationVersion: "v1",
        kind: "callback",
        id: "clock",
        options: {},
        onStepEnd: () => void ends.push(performance.now()),
      },
    ],
  };
  const trainer = createTrainer(options);
  try {
    const { dataWaitShare, blockWorkers } = await trainer.run();
    const seconds = ((ends.at(-1) ?? 0) - (ends[WARM_UP - 1] ?? 0)) / 1000;
    const pairsPerSecond = ((steps - WARM_UP) * batch) / seconds;
    return { pairsPerSecond, dataWaitShare, threads: blockWorkers, weights: weightsOf(trainer.network) };
  } finally {
    trainer.dispose();
  }
}

/** Everything that blocks keep, by name in one order, as bytes. */
function weightsOf({ learners }: Network): Buffer {
  const tensors = learners.flatMap(({ state: { parameters, buffers, optimizer } }) =>
    [parameters, buffers, optimizer].flatMap((map) =>
      Object.keys(map)
        .sort()
        .flatMap((name) => map[name]?.dataSync() ?? []),
    ),
  );
  return Buffer.concat(
    tensors.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
  );
}

/** The pixels as they are, twice. */
function plainViews(size: number): AugmentationV1 {
  return {
    specificationVersion: "v1",
    kind: "augmentation",
    id: "plain-views",
    options: { size },
    views: 2,
    shape: { height: size, width: size, channels: 3 },
    doView: ({ image, view, out }) => {
      const { data } = image;
      // The second view upside down: two equal views are no task.
      for (let index = 0; index < data.length; index++) {
        out[index] = ((data[view === 0 ? index : data.length - 1 - index] ?? 0) - 127.5) / 64;
      }
    },
  };
}
