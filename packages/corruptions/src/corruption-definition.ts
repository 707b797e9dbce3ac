import type { RandomGenerator, RawImage } from "@blockwise/spec";

/** Which of the published tables of strengths holds: ImageNet-C's, for 224 pixels, or CIFAR-10-C's, for 32. */
export type CorruptionScale = "imagenet" | "cifar";

/** How strong a corruption is, from 1 to 5. */
export type Severity = 1 | 2 | 3 | 4 | 5;

/** Corrupts an image (borrowed) and returns one of the same shape. */
export type Corrupt = (image: RawImage, random: RandomGenerator) => RawImage;

/** One value for each severity. */
export type BySeverity<T> = readonly [T, T, T, T, T];

/** Makes a corruption of a strength; what is made may keep tables of its own from image to image. */
export type CorruptionFactory = (scale: CorruptionScale, severity: Severity) => Corrupt;

/** Joins a corruption's two tables of strengths with what it does. */
export function defineCorruption<Strength>(definition: {
  readonly imagenet: BySeverity<Strength>;
  readonly cifar: BySeverity<Strength>;
  readonly make: (strength: Strength) => Corrupt;
}): CorruptionFactory {
  return (scale, severity) => definition.make(definition[scale][severity - 1] as Strength);
}
