import { fold, generator, type RandomKey } from "@blockwise/random";
import type { AugmentationV1, ImageReader, RawImage } from "@blockwise/spec";
import { type BatchSlot, OMITTED, sizeOf } from "./slot-ring.js";

/** What batches are made of; the same in each thread. */
export interface BatchMaterial {
  readonly reader: ImageReader;
  /** How many images the source has. */
  readonly size: number;
  readonly augmentation: AugmentationV1;
  readonly key: RandomKey;
  readonly brokenImages: BrokenImagePolicy;
}

/** Whether another image, drawn at random, takes the place of a broken one, or its place stays empty. */
export type BrokenImagePolicy = "replace" | "omit";

/** An image that could not be read. */
export interface BrokenImage {
  readonly sample: number;
  /** The file, or the file and the place in it. */
  readonly name: string;
  readonly reason: string;
}

/** Which batch to write, and where. */
export interface BatchRequest {
  readonly epoch: number;
  /** The place of the batch's first sample in the epoch. */
  readonly firstPlace: number;
  /** The samples. */
  readonly indices: Uint32Array;
  /** Overwritten as far as there are samples. */
  readonly slot: BatchSlot;
  /** Called before each sample; false stops. */
  readonly goesOn: (sample: number) => boolean;
  /** Told of broken images, of the same one perhaps more than once. */
  readonly onBroken: (image: BrokenImage) => void;
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
 * on the batch nor on the thread; those of an image that stands in for a broken one, and which image that is, are keyed
 * by epoch and place.
 *
 * @throws SampleFailure when the augmentation throws, or no image can be found in place of a broken one.
 * @throws what the reader throws.
 */
export async function fillBatch(material: BatchMaterial, request: BatchRequest): Promise<void> {
  const { augmentation, key } = material;
  const { epoch, firstPlace, indices, slot, goesOn } = request;
  const epochKey = fold(key, "augment", epoch);
  const size = sizeOf(augmentation.shape);
  for (const [place, sample] of indices.entries()) {
    if (!goesOn(sample)) return;
    const found = await findImage(material, request, firstPlace + place, sample);
    slot.samples[place] = found?.sample ?? OMITTED;
    if (found === null) continue;
    const { image, isStandIn } = found;
    const imageKey = isStandIn
      ? fold(epochKey, "stand-in", firstPlace + place)
      : fold(epochKey, found.sample);
    for (const [view, values] of slot.views.entries()) {
      const out = values.subarray(place * size, (place + 1) * size);
      try {
        augmentation.doView({ image, view, random: generator(fold(imageKey, view)), out });
      } catch (error) {
        throw new SampleFailure(found.sample, view, error);
      }
    }
  }
}

interface FoundImage {
  readonly sample: number;
  readonly image: RawImage;
  readonly isStandIn: boolean;
}

/** More broken images than this in a row are no accident. */
const MOST_STAND_INS = 100;

async function findImage(
  { reader, size, key, brokenImages }: BatchMaterial,
  { epoch, onBroken }: BatchRequest,
  place: number,
  wanted: number,
): Promise<FoundImage | null> {
  const standIns = generator(fold(key, "stand-in", epoch, place));
  let sample = wanted;
  for (let tried = 0; tried <= MOST_STAND_INS; tried++) {
    const result = await reader.doRead(sample);
    if ("image" in result) return { sample, image: result.image, isStandIn: tried > 0 };
    onBroken({ sample, name: result.name, reason: result.broken });
    if (brokenImages === "omit") return null;
    sample = standIns.integer(size);
  }
  throw new SampleFailure(wanted, 0, `it is broken, and so were ${MOST_STAND_INS} others in its place`);
}
