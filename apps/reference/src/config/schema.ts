import { z } from "zod";
import { augmentationSection } from "./sections/augmentation.js";
import { blockWorkersSection } from "./sections/block-workers.js";
import { checkpointsSection } from "./sections/checkpoints.js";
import { dataSection } from "./sections/data.js";
import { evaluationSection } from "./sections/evaluation.js";
import { headSection } from "./sections/head.js";
import { lossSection } from "./sections/loss.js";
import { metersSection } from "./sections/meters.js";
import { networkSection } from "./sections/network.js";
import { noiseSection } from "./sections/noise.js";
import { optimizerSection } from "./sections/optimizer.js";
import { type BalancedPartition, partitionSection } from "./sections/partition.js";
import { projectorSection } from "./sections/projector.js";
import { count } from "./sections/quantities.js";
import { scheduleSection } from "./sections/schedule.js";
import { frozenOutputsSection, timetableSection } from "./sections/timetable.js";
import { watchSection } from "./sections/watch.js";

/** Everything that a run depends on. */
export const runConfigSchema = z.strictObject({
  data: dataSection,
  network: networkSection,
  partition: partitionSection,
  timetable: timetableSection,
  frozenOutputs: frozenOutputsSection,
  head: headSection,
  projector: projectorSection,
  loss: lossSection,
  noise: noiseSection,
  optimizer: optimizerSection,
  schedule: scheduleSection,
  augmentation: augmentationSection,
  batchSize: count,
  /** 0 leaves the network at its random weights. */
  epochs: z.int().min(0),
  /** Ends the run early; null for none. */
  maxSteps: count.nullable(),
  seed: z.int().min(0),
  engine: z.enum(["auto", "native", "wasm", "cpu", "node", "node-gpu", "webgpu"]),
  /** Threads that prepare batches; null for what suits the machine. */
  workers: z.int().min(0).max(256).nullable(),
  /** Threads that blocks learn in, or the places of each one's blocks; null for none. */
  blockWorkers: blockWorkersSection,
  /** Threads that each have a part of every batch; null for none. */
  batchWorkers: z.int().min(2).max(256).nullable(),
  checkpoints: checkpointsSection,
  meters: metersSection,
  watch: watchSection,
  /** Whether event files for TensorBoard are written into the run's folder. */
  tensorboard: z.boolean(),
  evaluation: evaluationSection,
});

/** Everything that a run depends on. */
export type RunConfig = z.infer<typeof runConfigSchema>;

/** A configuration that leaves nothing to the images any more. */
export interface ImageResolvedConfig extends RunConfig {
  readonly data: RunConfig["data"] & { readonly imageSize: number };
  readonly augmentation: RunConfig["augmentation"] & { readonly flip: boolean };
}

/** A configuration with nothing left open. */
export interface ResolvedConfig extends ImageResolvedConfig {
  readonly partition: Exclude<RunConfig["partition"], BalancedPartition>;
}
