import { z } from "zod";
import { packageFields } from "./package.js";
import { fraction } from "./quantities.js";

const strength = z.number().min(0);

/** "auto" flips everything but digits, which mean something else then. */
const flip = z.union([z.boolean(), z.literal("auto")]);

const barlowTwins = z.strictObject({
  /** The smallest part of an image's area that a crop may show. */
  minimumScale: z.number().positive().max(1),
  flip,
  /** Whether views are blurred as in Barlow Twins, or how often each of the two is. */
  blur: z.union([z.boolean(), z.tuple([fraction, fraction])]),
  /** How often each of the two views is solarised. */
  solarize: z.tuple([fraction, fraction]),
  /** Strengths of the colour jitter: brightness, contrast, saturation, hue. */
  jitter: z.tuple([strength, strength, strength, z.number().min(0).max(0.5)]),
});

/**
 * How the views of an image are made. A package's factory is also given `size`, `channels`, `mean` and `std` of the views;
 * `flip` is then for the protocols that train on views of their own.
 */
export const augmentationSection = z.union([
  barlowTwins,
  z.strictObject({ ...packageFields, flip: flip.default("auto") }),
]);
