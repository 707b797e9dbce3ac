import { z } from "zod";

/** What a block learns from. */
export const lossSection = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("barlow-twins"),
    lambda: z.number().min(0),
    scale: z.number().positive(),
  }),
  z.strictObject({ kind: z.literal("simclr"), temperature: z.number().positive() }),
  z.strictObject({
    kind: z.literal("vicreg"),
    similarity: z.number().min(0),
    variance: z.number().min(0),
    covariance: z.number().min(0),
  }),
]);
