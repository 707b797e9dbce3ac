import { z } from "zod";
import { corruptionsSection } from "./corruptions.js";
import { fineTuneSection } from "./fine-tune.js";
import { linearSection } from "./linear.js";
import { onlineSection } from "./online.js";
import { packageChoice, packageName } from "./package.js";
import { count } from "./quantities.js";
import { similaritySection } from "./similarity.js";

/** How a trained network is scored. */
export const evaluationSection = z.strictObject({
  /** The most images to fit probes on and to score them on; null for all. */
  maxTrainImages: count.nullable(),
  maxTestImages: count.nullable(),
  probeEpochs: count,
  probeLearningRate: z.number().positive(),
  neighbors: count,
  linear: linearSection,
  fineTune: fineTuneSection,
  online: onlineSection,
  corruptions: corruptionsSection,
  similarity: similaritySection,
  /** Evaluators of packages, for the protocol `evaluators`. */
  evaluators: z
    .array(z.union([packageChoice, packageName]))
    .min(1)
    .exactOptional(),
});
