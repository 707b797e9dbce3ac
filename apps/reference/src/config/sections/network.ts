import { z } from "zod";
import { packageChoice } from "./package.js";
import { count } from "./quantities.js";

const resnet = z.strictObject({
  /** A named ResNet, or the residual unit and its count in each stage. */
  depth: z.union([
    z.literal([18, 34, 50, 101, 152]),
    z.strictObject({
      unit: z.enum(["basic", "bottleneck"]),
      unitCounts: z.array(count.max(1000)).min(1).max(16),
    }),
  ]),
  width: count,
  stem: z.enum(["cifar", "imagenet"]),
  zeroInitResidual: z.boolean(),
});

/** The backbone. A package's factory is also given the images' `inputChannels`. */
export const networkSection = z.union([resnet, packageChoice]);
