import type { Batch } from "@blockwise/loader";
import { type AugmentationV1, InvalidOptionError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** @throws InvalidOptionError unless the augmentation makes one view. */
export function requireOneView(augmentation: AugmentationV1): void {
  if (augmentation.views === 1) return;
  throw new InvalidOptionError({
    option: "augmentation",
    expected: "one that makes a single view of each image",
    received: `${augmentation.id} with ${augmentation.views}`,
  });
}

/** Copies a batch onto the engine for `use`, and gives its memory back to the loader. */
export function useImages<T>(
  batch: Batch,
  { shape: { height, width, channels } }: AugmentationV1,
  use: (images: tf.Tensor4D) => T,
): T {
  const pixels = batch.views[0]?.slice() ?? new Float32Array();
  batch.release();
  const images = tf.tensor4d(pixels, [batch.indices.length, height, width, channels]);
  try {
    return use(images);
  } finally {
    images.dispose();
  }
}
