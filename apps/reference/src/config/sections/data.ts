import { z } from "zod";
import { count, fraction } from "./quantities.js";

/** What images a run learns from. */
export const dataSection = z.strictObject({
  /**
   * A data set's name, a folder or tar of images, a folder or pattern (`train-{000..146}.tar`) of tar shards, or "auto"
   * for the best that can be had.
   */
  dataset: z.string().min(1),
  /** Height and width of the views in pixels; "auto" for the images' own where that is at most 64, else 64. */
  imageSize: z.union([count, z.literal("auto")]),
  /** The most images to train on, balanced over the classes; null for all. */
  maxTrainImages: count.nullable(),
  /** The part of a folder's images to hold out for scoring, where it has no test folder of its own. */
  holdOut: z.number().min(0).lt(1),
  /** What to do about images that cannot be decoded; "auto" stops at the start, and leaves out of a stream. */
  onCorrupt: z.enum(["error", "skip", "auto"]),
  /** The part of the images that may be broken where they stream. */
  maxBrokenShare: fraction,
  /** Whether images are decoded at the start, or when they are wanted; "auto" streams what memory would not hold. */
  storage: z.enum(["memory", "stream", "auto"]),
  /** For shards: images that an epoch's next one is drawn from; null for all. */
  shuffleBuffer: count.nullable(),
  /** What images are normalised by: their own mean and deviation, or those of ImageNet. */
  normalization: z.enum(["measured", "imagenet"]),
  /** Whether images that are smaller than the views are enlarged instead of refused; "auto" sizes enlarge. */
  enlarge: z.boolean(),
});
