import { z } from "zod";
import { count, fraction } from "./quantities.js";

/** How the protocol `linear` fits its classifiers: by a named choice, or field by field. */
export const linearSection = z.union([
  z.enum(["paper", "small-data"]),
  z.strictObject({
    epochs: count,
    batchSize: count,
    learningRate: z.number().positive(),
    momentum: fraction,
    weightDecay: z.number().min(0),
    /** Whether features are brought to mean 0 and deviation 1 of those of the training images as they are. */
    standardize: z.boolean(),
    /** The smallest part of an image's area that a random crop may show. */
    minimumScale: z.number().positive().max(1),
    /** The side of the view that is scored, as a share of the resized image's. */
    cropFraction: z.number().min(0.05).max(1),
  }),
]);

/** The settings of the protocol `linear`, one by one. */
export type LinearSettings = Exclude<z.infer<typeof linearSection>, string>;
