import { z } from "zod";
import { packageFields } from "./package.js";
import { fraction } from "./quantities.js";

/** What turns gradients into updates; each block has one of its own. */
export const optimizerSection = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("adamw"),
    learningRate: z.number().positive(),
    weightDecay: z.number().min(0),
  }),
  z.strictObject({
    kind: z.literal("sgd"),
    learningRate: z.number().positive(),
    momentum: fraction,
    weightDecay: z.number().min(0),
  }),
  z.strictObject({
    kind: z.literal("lars"),
    learningRate: z.number().positive(),
    momentum: fraction,
    weightDecay: z.number().min(0),
    trustCoefficient: z.number().positive(),
    clip: z.boolean(),
  }),
  z.strictObject({ ...packageFields, learningRate: z.number().positive() }),
]);
