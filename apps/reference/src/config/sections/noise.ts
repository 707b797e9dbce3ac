import { z } from "zod";

/** Noise on what a block hands to its head and to the next block; null for none. */
export const noiseSection = z
  .strictObject({ kind: z.enum(["all", "c", "hw"]), standardDeviation: z.number().min(0) })
  .nullable();
