import { z } from "zod";
import { perBlock } from "./per-block.js";

// A loss that holds other losses is added to `LossConfig` by hand, since no type can be inferred from itself, and to the
// schema with `z.lazy(() => loss)` in the place of each inner loss.
const plainLosses = [
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
] as const;

/** The loss of one block. */
export type LossConfig = z.infer<(typeof plainLosses)[number]>;

const loss: z.ZodType<LossConfig> = z.discriminatedUnion("kind", [...plainLosses]);

/** What a block learns from. */
export const lossSection = perBlock(loss);
