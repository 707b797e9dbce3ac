import { fold, generator, type RandomKey } from "@blockwise/random";
import type { AugmentationV1, PackedImages, RawImage } from "@blockwise/spec";
import { sizeOf } from "./slot-ring.js";

/** What batches are made of; the same in each thread. */
export interface BatchMaterial {
  readonly packed: PackedImages;
  readonly augmentation: AugmentationV1;
  readonly key: RandomKey;
}

/** A sample that could not be made into a view. */
export class SampleFailure extends Error {
  override readonly name = "SampleFailure";
  readonly sample: number;
  readonly view: number;

  constructor(sample: number, view: number, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.sample = sample;
    this.view = view;
  }
}

/**
 * Writes the views of a batch. Each view's random numbers are keyed by epoch, sample and view, so they depend neither
 * on the batch nor on the thread.
 *
 * @param indices - the samples
 * @param views - for each view, `[at least indices.length, height, width, channels]`; overwritten
 * @param goesOn - called before each sample; false stops
 * @throws SampleFailure when the augmentation throws.
 */
export function fillBatch(
  { packed, augmentation, key }: BatchMaterial,
  epoch: number,
  indices: Uint32Array,
  views: readonly Float32Array[],
  goesOn: (sample: number) => boolean,
): void {
  const epochKey = fold(key, "augment", epoch);
  const size = sizeOf(augmentation.shape);
  for (const [place, sample] of indices.entries()) {
    if (!goesOn(sample)) return;
    const image = imageAt(packed, sample);
    for (const [view, values] of views.entries()) {
      const out = values.subarray(place * size, (place + 1) * size);
      try {
        augmentation.doView({ image, view, random: generator(fold(epochKey, sample, view)), out });
      } catch (error) {
        throw new SampleFailure(sample, view, error);
      }
    }
  }
}

function imageAt({ pixels, offsets, heights, widths, channels }: PackedImages, index: number): RawImage {
  const height = heights[index] as number;
  const width = widths[index] as number;
  const offset = offsets[index] as number;
  return { height, width, channels, data: pixels.subarray(offset, offset + height * width * channels) };
}
