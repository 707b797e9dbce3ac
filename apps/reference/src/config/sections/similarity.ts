import { z } from "zod";
import { count } from "./quantities.js";

/** How the protocol `similarity` compares features. */
export const similaritySection = z.strictObject({
  estimator: z.enum(["biased", "unbiased"]),
  /** The most held-out images to compare features of; null for all. */
  maxImages: count.nullable(),
});
