import { z } from "zod";
import { packageChoice, packageName } from "./package.js";
import { perBlock } from "./per-block.js";
import { count } from "./quantities.js";

const namedHead = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("convolution-expansion"),
    dim: count,
    kernelSize: z.literal([1, 3]),
    /** The most bytes of one view's expanded map to hold at a time. */
    chunkBytes: z.union([count, z.literal("auto")]).exactOptional(),
  }),
  z.strictObject({ kind: z.literal("global-pool") }),
  z.strictObject({
    kind: z.literal("local-pool"),
    /** "auto" takes for each block the grid whose output is nearest to `dim` wide. */
    grid: z.union([count, z.literal("auto")]),
    dim: count.exactOptional(),
  }),
  packageChoice,
]);

const head = z.union([namedHead, packageName]);

/** The head of one block. */
export type HeadConfig = z.infer<typeof head>;

/** What pools a block's output to one vector. */
export const headSection = perBlock(head);
