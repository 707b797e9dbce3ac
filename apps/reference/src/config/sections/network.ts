import { z } from "zod";
import { count } from "./quantities.js";

/** The backbone. */
export const networkSection = z.strictObject({
  /** A named ResNet, or the residual unit and its count in each stage. */
  depth: z.union([
    z.literal([18, 34, 50, 101, 152]),
    z.strictObject({ unit: z.enum(["basic", "bottleneck"]), unitCounts: z.array(count).min(1) }),
  ]),
  width: count,
  stem: z.enum(["cifar", "imagenet"]),
  zeroInitResidual: z.boolean(),
});
