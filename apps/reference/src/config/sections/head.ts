import { z } from "zod";
import { count } from "./quantities.js";

/** What pools a block's output to one vector. */
export const headSection = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("convolution-expansion"), dim: count, kernelSize: z.literal([1, 3]) }),
  z.strictObject({ kind: z.literal("global-pool") }),
]);
