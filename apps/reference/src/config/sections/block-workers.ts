import { z } from "zod";

/** Threads that blocks learn in: how many, or the places of each one's blocks; null for none. */
export const blockWorkersSection = z
  .union([
    z.int().min(1).max(256),
    z
      .array(z.array(z.int().min(0)).min(1).max(10_000))
      .min(1)
      .max(256),
  ])
  .nullable();
