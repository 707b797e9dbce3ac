import { z } from "zod";
import { type PackageConfig, packageChoice, packageName } from "./package.js";
import { perBlock } from "./per-block.js";
import { count } from "./quantities.js";

const weight = z.number().min(0);

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
  z.strictObject({
    kind: z.literal("cross-entropy"),
    /** What the classifier sees. */
    input: z.enum(["feature", "embedding"]).exactOptional(),
    labelSmoothing: z.number().min(0).lt(1).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal("greedy-infomax"),
    predictionSteps: count.exactOptional(),
    negatives: z.union([count, z.literal("all")]).exactOptional(),
    temperature: z.number().positive().exactOptional(),
    grid: z.int().min(2).exactOptional(),
  }),
] as const;

/** The loss of one block. The last two hold others; no type can be inferred from itself, so they are written out. */
export type LossConfig =
  | string
  | PackageConfig
  | z.infer<(typeof plainLosses)[number]>
  | { readonly kind: "look-ahead"; readonly loss: LossConfig; readonly weight?: number }
  | { readonly kind: "weighted-sum"; readonly losses: readonly WeightedLossConfig[] };

/** One part of a weighted sum. */
export interface WeightedLossConfig {
  readonly weight: number;
  readonly loss: LossConfig;
}

const namedLoss = z.discriminatedUnion("kind", [
  ...plainLosses,
  z.strictObject({
    kind: z.literal("look-ahead"),
    loss: z.lazy((): z.ZodType<LossConfig> => loss),
    weight: weight.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal("weighted-sum"),
    losses: z.array(z.strictObject({ weight, loss: z.lazy((): z.ZodType<LossConfig> => loss) })).min(1),
  }),
  packageChoice,
]);

const loss: z.ZodType<LossConfig> = z.union([namedLoss, packageName]);

/** What a block learns from. */
export const lossSection = perBlock(loss);
