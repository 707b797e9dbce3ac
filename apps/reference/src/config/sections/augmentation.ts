import { z } from "zod";
import { fraction } from "./quantities.js";

const strength = z.number().min(0);

/** How the views of an image are made. */
export const augmentationSection = z.strictObject({
  /** The smallest part of an image's area that a crop may show. */
  minimumScale: z.number().positive().max(1),
  /** "auto" flips everything but digits, which mean something else then. */
  flip: z.union([z.boolean(), z.literal("auto")]),
  /** Whether views are blurred as in Barlow Twins, or how often each of the two is. */
  blur: z.union([z.boolean(), z.tuple([fraction, fraction])]),
  /** How often each of the two views is solarised. */
  solarize: z.tuple([fraction, fraction]),
  /** Strengths of the colour jitter: brightness, contrast, saturation, hue. */
  jitter: z.tuple([strength, strength, strength, z.number().min(0).max(0.5)]),
});
