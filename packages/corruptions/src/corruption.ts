import {
  InvalidOptionError,
  type JsonObject,
  type RandomGenerator,
  type RawImage,
  ShapeMismatchError,
} from "@blockwise/spec";
import { type CorruptionName, corruptionFactories, corruptionNames } from "./catalogue.js";
import type { CorruptionScale, Severity } from "./corruption-definition.js";

/** The severities, from the mildest. */
export const severities: readonly Severity[] = [1, 2, 3, 4, 5];

const scales: readonly CorruptionScale[] = ["imagenet", "cifar"];

/** Options of {@link corruption}: plain JSON. */
export interface CorruptionOptions {
  /** Which of the published corruptions. */
  readonly corruption: CorruptionName;
  /** Which of the five published strengths: 1 is the mildest. */
  readonly severity: Severity;
  /** Which published strengths: `"imagenet"`, meant for 224 pixels, or `"cifar"`, meant for 32. */
  readonly scale: CorruptionScale;
}

/** One corruption of one strength: bytes in, bytes out. It fits where `@blockwise/augment` takes an operation. */
export interface ImageCorruption {
  /** The corruption's name. */
  readonly id: CorruptionName;
  /** The options that it was made from, defaults filled in. */
  readonly options: JsonObject;
  /**
   * @param image - grey or coloured, borrowed, never written to
   * @param random - the only source of chance: the same generator gives the same image in any thread
   * @returns an image of the same shape in memory of its own
   * @throws ShapeMismatchError for an image of no pixels, or of other than 1 or 3 channels
   */
  apply(image: RawImage, random: RandomGenerator): RawImage;
}

/**
 * A corruption of ImageNet-C or CIFAR-10-C.
 *
 * @throws InvalidOptionError for an unknown corruption, severity or scale.
 * @example
 * const fog = corruption({ corruption: "fog", severity: 3, scale: "cifar" });
 * const foggy = fog.apply(image, generator(rootKey(1)));
 * @see Hendrycks, Dietterich: Benchmarking neural network robustness to common corruptions and perturbations, 2019,
 * arXiv 1903.12261, and the authors' programs `make_imagenet_c.py` and `make_cifar_c.py`
 */
export function corruption({ corruption: name, severity, scale }: CorruptionOptions): ImageCorruption {
  checkOneOf("corruption", name, corruptionNames);
  checkOneOf("severity", severity, severities);
  checkOneOf("scale", scale, scales);
  const corrupt = corruptionFactories[name](scale, severity);
  return {
    id: name,
    options: { corruption: name, severity, scale },
    apply: (image, random) => {
      checkImage(name, image);
      return corrupt(image, random);
    },
  };
}

function checkOneOf(option: string, value: unknown, allowed: readonly (string | number)[]): void {
  if (allowed.some((one) => one === value)) return;
  const expected = `one of ${allowed.map((one) => JSON.stringify(one)).join(", ")}`;
  throw new InvalidOptionError({ option, expected, received: value });
}

function checkImage(name: CorruptionName, { height, width, channels, data }: RawImage): void {
  const known = channels === 1 || channels === 3;
  if (known && height >= 1 && width >= 1 && data.length === height * width * channels) return;
  throw new ShapeMismatchError({
    subject: `Corruption "${name}": the image`,
    expected: "[height, width, 1 or 3] with at least one pixel and as many bytes",
    received: [height, width, channels],
    hint: `It has ${data.length} bytes.`,
  });
}
