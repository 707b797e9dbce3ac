import { z } from "zod";
import { perBlock } from "./per-block.js";

const noise = z
  .strictObject({ kind: z.enum(["all", "c", "hw"]), standardDeviation: z.number().min(0) })
  .nullable();

/** Noise on what blocks hand to their heads and to the next block; null for none. */
export const noiseSection = perBlock(noise);
