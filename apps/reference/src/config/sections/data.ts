import { z } from "zod";
import { packageFields } from "./package.js";
import { count, fraction } from "./quantities.js";

const packageSource = z.strictObject({
  ...packageFields,
  /** What the factory is given over `options` for the held-out images; a part of the images is held out without it. */
  heldOut: z.record(z.string(), z.json()).exactOptional(),
});

/** Images that a package's data source has. */
export type PackageSource = z.infer<typeof packageSource>;

const normalization = z.union([
  z.enum(["measured", "imagenet", "cifar-10", "half", "none"]),
  z.strictObject({
    /** Of each channel, or one of all. */
    mean: z.array(z.number()).min(1).max(3),
    std: z.array(z.number().positive()).min(1).max(3),
  }),
]);

/** What images are normalised by. */
export type NormalizationConfig = z.infer<typeof normalization>;

/** What images a run learns from. */
export const dataSection = z.strictObject({
  /**
   * A data set's name, a folder or tar of images, a folder or pattern (`train-{000..146}.tar`) of tar shards, or "auto"
   * for the best that can be had; or the data source of a package.
   */
  dataset: z.union([z.string().min(1), packageSource]),
  /** Height and width of the views in pixels; "auto" for the images' own where that is at most 64, else 64. */
  imageSize: z.union([count.max(4096), z.literal("auto")]),
  /** The most images to train on, balanced over the classes; null for all. */
  maxTrainImages: count.nullable(),
  /** The part of a folder's or package's images to hold out for scoring, where it has no test folder of its own. */
  holdOut: z.number().min(0).lt(1),
  /** What to do about images that cannot be decoded; "auto" stops at the start, and leaves out of a stream. */
  onCorrupt: z.enum(["error", "skip", "auto"]),
  /** The part of the images that may be broken where they stream. */
  maxBrokenShare: fraction,
  /** Whether images are decoded at the start, or when they are wanted; "auto" streams what memory would not hold. */
  storage: z.enum(["memory", "stream", "auto"]),
  /** For shards: images that an epoch's next one is drawn from; null for all. */
  shuffleBuffer: count.nullable(),
  /** What images are normalised by: their own mean and deviation, those of a name, or these. */
  normalization,
  /** Whether images that are smaller than the views are enlarged instead of refused; "auto" sizes enlarge. */
  enlarge: z.boolean(),
});

/** What a data set goes by, for people. */
export function datasetName(dataset: z.infer<typeof dataSection>["dataset"]): string {
  return typeof dataset === "string" ? dataset : dataset.package;
}
