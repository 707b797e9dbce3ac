import { corruptionNames } from "@blockwise/corruptions";
import { z } from "zod";
import { count } from "./quantities.js";

/** What the protocol `corruptions` scores on. */
export const corruptionsSection = z.strictObject({
  /** Which corruptions; "all" for the benchmark's fifteen. */
  names: z.union([z.literal("all"), z.array(z.enum([...corruptionNames])).min(1)]),
  severities: z.array(z.literal([1, 2, 3, 4, 5])).min(1),
  /** The table of strengths; "auto" is CIFAR's for views of at most 64 pixels, else ImageNet's. */
  scale: z.enum(["auto", "imagenet", "cifar"]),
  /** The most held-out images to corrupt, of those that are scored on at all; null for all. */
  maxTestImages: count.nullable(),
});
