import { z } from "zod";
import { packageChoice, packageName } from "./package.js";
import { perBlock } from "./per-block.js";
import { count } from "./quantities.js";

const perceptron = z.strictObject({
  widths: z.array(count).min(1),
  /** Whether all blocks' projectors start from the same weights; they do not where it is left out. */
  initialization: z.enum(["separate", "shared"]).exactOptional(),
});

const projector = z.union([perceptron, packageChoice, packageName]);

/** The projector of one block. */
export type ProjectorConfig = z.infer<typeof projector>;

/** What makes a head's output the embedding that the loss sees. */
export const projectorSection = perBlock(projector);
