import { z } from "zod";

/** How the views of an image are made. */
export const augmentationSection = z.strictObject({
  /** The smallest part of an image's area that a crop may show. */
  minimumScale: z.number().positive().max(1),
  /** "auto" flips everything but digits, which mean something else then. */
  flip: z.union([z.boolean(), z.literal("auto")]),
  blur: z.boolean(),
});
