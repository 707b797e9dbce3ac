import { z } from "zod";
import { count, fraction } from "./quantities.js";

const settings = z.union([
  z.enum(["barlow-twins", "small-data"]),
  z.strictObject({
    epochs: count,
    batchSize: count,
    backboneLearningRate: z.number().positive(),
    classifierLearningRate: z.number().positive(),
    momentum: fraction.lt(1),
    weightDecay: z.number().min(0),
    /** The smallest part of an image's area that a random crop may show. */
    minimumScale: z.number().positive().max(1),
    /** The side of the view that is scored, as a share of the resized image's. */
    cropFraction: z.number().min(0.05).max(1),
  }),
]);

/** How the protocols `fine-tune` and `semi-supervised` train a network on from a run's weights. */
export const fineTuneSection = z.strictObject({
  /** The stage to cut the network after; null for the whole. */
  after: z.string().min(1).nullable(),
  /** Whether the classifier sees the pooled output, or that of the head that was trained with the block. */
  features: z.enum(["raw", "head"]),
  settings,
  /** The parts of the training images whose labels `semi-supervised` may see. */
  labelFractions: z.array(z.number().positive().max(1)).min(1),
});

/** The settings of fine-tuning, one by one. */
export type FineTuneSettings = Exclude<z.infer<typeof settings>, string>;
