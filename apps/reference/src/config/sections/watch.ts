import { z } from "zod";

/** What a run records of its images for whoever watches it; null for nothing. */
export const watchSection = z
  .strictObject({
    /** Moments of the run at which the features of held-out images are drawn, the first and the last among them. */
    maps: z.int().min(2).max(200),
    /** How many images a map has. */
    images: z.int().min(2).max(1000),
    /** How many pairs of views are kept. */
    pairs: z.int().min(0).max(64),
  })
  .nullable();
