import { createLoader } from "@blockwise/loader";
import type { RandomKey } from "@blockwise/random";
import * as tf from "@tensorflow/tfjs-core";
import type { ImagePass } from "./extract-features.js";
import type { DepthFeatures } from "./feature-probe.js";
import { requireOneView, useImages } from "./use-images.js";

/** What to read, how often, and in which order. */
export interface FeatureLoaderOptions extends ImagePass {
  /** Keys the order of images and what is random about their views, epoch by epoch. */
  readonly key: RandomKey;
  /** Ends an epoch at the batch at hand when it is aborted. */
  readonly signal?: AbortSignal;
}

/** The features of one batch. All tensors are borrowed. */
export interface FeatureBatch {
  /** One entry a depth. */
  readonly depths: readonly DepthFeatures[];
  /** int32 `[batch]`; -1 for unlabelled images. */
  readonly labels: tf.Tensor1D;
}

/** Reads features of images as they are augmented anew every epoch. */
export interface FeatureLoader {
  /** Batches in an epoch, the last and maybe smaller one among them. */
  readonly batchesPerEpoch: number;
  /**
   * Shows every batch of an epoch, in random order, the last one maybe smaller. What `use` makes and does not keep is
   * freed. False when the signal ended it early.
   */
  epoch(epoch: number, use: (batch: FeatureBatch) => void): Promise<boolean>;
  /** Ends the loader's threads. */
  close(): Promise<void>;
}

/**
 * Makes a loader of features in evaluation mode, at all depths in one pass: what a linear probe on augmented images learns
 * from. An epoch is the same with any number of workers, and whether or not those before it were read.
 *
 * @throws InvalidOptionError unless the augmentation makes one view, and for options out of range.
 * @example
 * const loader = createFeatureLoader({ probe, source, augmentation, key: rootKey(0) });
 * await loader.epoch(0, ({ depths, labels }) => classifier.learn(depths[0].head, labels, 0.1).dispose());
 * await loader.close();
 */
export function createFeatureLoader(options: FeatureLoaderOptions): FeatureLoader {
  const { probe, source, augmentation, key, batchSize = 256, workers, signal } = options;
  requireOneView(augmentation);
  const loader = createLoader({
    source,
    augmentation,
    key,
    batchSize,
    shuffle: true,
    dropLast: false,
    ...(workers === undefined ? {} : { workers }),
  });
  return {
    batchesPerEpoch: loader.batchesPerEpoch,
    epoch: async (epoch, use) => {
      for await (const batch of loader.epoch(epoch)) {
        if (signal?.aborted) return false;
        const labels = batch.labels?.slice() ?? new Int32Array(batch.indices.length).fill(-1);
        const depths = useImages(batch, augmentation, (images) => probe.features(images));
        try {
          tf.tidy(() => use({ depths, labels: tf.tensor1d(labels, "int32") }));
        } finally {
          tf.dispose(depths.flatMap(({ raw, head }) => [raw, head]));
        }
      }
      return true;
    },
    close: () => loader.close(),
  };
}
