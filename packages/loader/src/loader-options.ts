import { availableParallelism } from "node:os";
import type { RandomKey } from "@blockwise/random";
import { type AugmentationV1, type DataSourceV1, InvalidOptionError } from "@blockwise/spec";

/** Options of `createLoader`. */
export interface LoaderOptions {
  /** Where the images come from. */
  readonly source: DataSourceV1;
  /** Makes the views of each image. */
  readonly augmentation: AugmentationV1;
  /** Images a batch. */
  readonly batchSize: number;
  /** What order and augmentations are drawn from. */
  readonly key: RandomKey;
  /**
   * Worker threads; 0 makes the views on the calling thread, when they are asked for.
   * @default 2, or one less than there are cores where that is less; 0 without a worker recipe
   */
  readonly workers?: number;
  /** Batches made ahead of the one in use; each takes the memory of one batch's views. @default 2 */
  readonly prefetch?: number;
  /** Whether each epoch has an order of its own; else images come in the source's order. @default true */
  readonly shuffle?: boolean;
  /** Whether to leave out a last batch that is not full. @default true */
  readonly dropLast?: boolean;
}

/**
 * The options, checked and with defaults filled in.
 *
 * @throws InvalidOptionError for options out of range, or with which no batch can be made.
 */
export function resolveLoaderOptions(options: LoaderOptions): Required<LoaderOptions> {
  const { source, augmentation, batchSize, key } = options;
  const { prefetch = 2, shuffle = true, dropLast = true } = options;
  const { workers = defaultWorkers(augmentation) } = options;
  checkInteger("batchSize", batchSize, 1);
  checkInteger("workers", workers, 0);
  checkInteger("prefetch", prefetch, 1);
  if (workers > 0 && augmentation.workerRecipe === undefined) {
    throw new InvalidOptionError({
      option: "workers",
      expected: `0 for the augmentation "${augmentation.id}"`,
      received: workers,
      hint: "It has no `workerRecipe`, so threads cannot make it.",
    });
  }
  if (source.size === 0) {
    throw new InvalidOptionError({ option: "source", expected: "a source with images", received: source.id });
  }
  if (dropLast && batchSize > source.size) {
    throw new InvalidOptionError({
      option: "batchSize",
      expected: `at most ${source.size}, the number of images in "${source.id}" (a last batch that is not full is left out)`,
      received: batchSize,
    });
  }
  return { source, augmentation, batchSize, key, workers, prefetch, shuffle, dropLast };
}

/** @throws InvalidOptionError unless `value` is an integer from `least` to `most`. */
export function checkInteger(option: string, value: number, least: number, most?: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= (most ?? value)) return;
  const expected =
    most === undefined ? `an integer of at least ${least}` : `an integer from ${least} to ${most}`;
  throw new InvalidOptionError({ option, expected, received: value });
}

function defaultWorkers(augmentation: AugmentationV1): number {
  // One core is left to the thread that trains.
  return augmentation.workerRecipe === undefined ? 0 : Math.min(2, availableParallelism() - 1);
}
