import { z } from "zod";
import { fraction } from "./quantities.js";

/** When each block learns: all at once, one after the other, or each in a part of the run. */
export const timetableSection = z.union([
  z.enum(["simultaneous", "sequential"]),
  z.strictObject({ starts: z.array(fraction).min(1), stops: z.array(fraction).min(1) }),
]);

/** How much of the disk a sequential run may keep outputs of frozen blocks on; null for none. */
export const frozenOutputsSection = z.strictObject({ budgetGiB: z.number().positive() }).nullable();
