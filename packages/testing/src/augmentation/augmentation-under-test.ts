import { generator, rootKey } from "@blockwise/random";
import type { AugmentationV1, RandomGenerator, RawImage } from "@blockwise/spec";

/** An augmentation, and what it is tried out on. */
export interface AugmentationUnderTest {
  /** What is tested. */
  readonly augmentation: AugmentationV1;
  /** `[height, width]` of the images, which have the channels of its views. */
  readonly imageSize: readonly [height: number, width: number];
  /** Of the random images, and of the generators. */
  readonly seed: number;
}

/** A random image of those sizes. */
export function randomImage(
  { augmentation, imageSize, seed }: AugmentationUnderTest,
  [height, width]: readonly [height: number, width: number] = imageSize,
): RawImage {
  const { channels } = augmentation.shape;
  const random = generator(rootKey(seed));
  const data = Uint8Array.from({ length: height * width * channels }, () => random.integer(256));
  return { height, width, channels, data };
}

/** An image whose values are all alike. */
export function flatImage({ augmentation, imageSize }: AugmentationUnderTest, value: number): RawImage {
  const [height, width] = imageSize;
  const { channels } = augmentation.shape;
  return { height, width, channels, data: new Uint8Array(height * width * channels).fill(value) };
}

/** How many values a view has. */
export function viewLength({ shape }: AugmentationV1): number {
  return shape.height * shape.width * shape.channels;
}

/** Makes a view; what the augmentation leaves out stays NaN. */
export function viewOf(
  augmentation: AugmentationV1,
  image: RawImage,
  {
    view = 0,
    seed,
    random = generator(rootKey(seed)),
  }: {
    readonly view?: number;
    readonly seed: number;
    readonly random?: RandomGenerator;
  },
): Float32Array {
  const out = new Float32Array(viewLength(augmentation)).fill(Number.NaN);
  augmentation.doView({ image, view, random, out });
  return out;
}
