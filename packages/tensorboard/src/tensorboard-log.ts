import {
  type BlockHealthV1,
  InvalidOptionError,
  type StepEventV1,
  type TrainerCallbackV1,
} from "@blockwise/spec";
import type { EventImage } from "./encode-event.js";
import { type EventFile, openEventFile } from "./event-file.js";

/** Options of {@link tensorboardLog}. */
export interface TensorboardLogOptions {
  /** Where event files go: a folder of the run's own, made where it is not there. */
  readonly directory: string;
  /** Steps between readings; the first and the last step, and those in which health was measured, are read too. @default 10 */
  readonly everySteps?: number;
}

/** A callback that writes event files, which other things may be added to while the run lasts. */
export interface TensorboardLog extends TrainerCallbackV1 {
  /** Adds numbers by tag, at the steps that are done. @throws StorageError */
  addScalars(step: number, scalars: Readonly<Record<string, number | null>>): Promise<void>;
  /** Adds a picture, at the steps that are done. @throws StorageError */
  addImage(step: number, image: EventImage): Promise<void>;
}

const healthTags: Readonly<Record<keyof BlockHealthV1, string>> = {
  effectiveRank: "effective-rank",
  meanAbsoluteCorrelation: "correlation",
  gradientNorm: "gradient-norm",
  weightNorm: "weight-norm",
  trustRatio: "trust-ratio",
};

/**
 * Writes a run for TensorBoard: of each block loss, its terms, learning rate, deviation of the embeddings and health, as
 * `loss/<block>` and the like, and the speed of the run. A run that is gone on with begins a new file, which takes the place
 * of what the one before has past that step. It changes nothing about the run.
 *
 * @throws InvalidOptionError unless `everySteps` is a whole number above 0; StorageError, in the run, where a file cannot be
 * written.
 * @example
 * const trainer = createTrainer({ ...options, callbacks: [tensorboardLog({ directory: "runs/mine/tensorboard" })] });
 * // tensorboard --logdir runs
 */
export function tensorboardLog({ directory, everySteps = 10 }: TensorboardLogOptions): TensorboardLog {
  if (!Number.isSafeInteger(everySteps) || everySteps < 1) {
    throw new InvalidOptionError({
      option: "everySteps",
      expected: "a whole number above 0",
      received: everySteps,
    });
  }
  let opened: Promise<EventFile> | null = null;
  const file = (startStep: number): Promise<EventFile> => {
    opened ??= openEventFile(directory, startStep);
    return opened;
  };
  const addScalars = async (
    step: number,
    scalars: Readonly<Record<string, number | null>>,
  ): Promise<void> => {
    const known = Object.entries(scalars).filter((entry): entry is [string, number] => entry[1] !== null);
    if (known.length > 0) await (await file(step)).append(step, { kind: "scalars", scalars: known });
  };
  return {
    specificationVersion: "v1",
    kind: "callback",
    id: "tensorboard-log",
    options: { everySteps },
    onRunStart: async ({ startStep }) => {
      opened = null;
      await file(startStep);
    },
    onStepEnd: async (event) => {
      const { step, stepCount, blocks } = event;
      const isMeasured = blocks.some(({ health }) => health !== null);
      if (step % everySteps !== 0 && step + 1 < stepCount && !isMeasured) return;
      await addScalars(step, scalarsOf(event));
    },
    addScalars,
    addImage: async (step, image) => (await file(step)).append(step, { kind: "image", image }),
  };
}

function scalarsOf({ blocks, pairsPerSecond, dataWaitShare }: StepEventV1): Record<string, number> {
  const scalars: Record<string, number> = {};
  for (const { block, loss, terms, learningRate, embeddingDeviation, health } of blocks) {
    scalars[`loss/${block}`] = loss;
    for (const [name, value] of Object.entries(terms)) scalars[`loss-terms/${block}/${name}`] = value;
    scalars[`embedding-deviation/${block}`] = embeddingDeviation;
    scalars[`learning-rate/${block}`] = learningRate;
    for (const [field, value] of Object.entries(health ?? {})) {
      scalars[`${healthTags[field as keyof BlockHealthV1]}/${block}`] = value;
    }
  }
  scalars["run/images-per-second"] = pairsPerSecond;
  scalars["run/waiting-share"] = dataWaitShare;
  scalars["run/memory-mib"] = process.memoryUsage.rss() / 2 ** 20;
  return scalars;
}
