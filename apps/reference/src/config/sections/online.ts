import { z } from "zod";
import { count } from "./quantities.js";

/** Probes that learn while the network trains, beside it; null for none. */
export const onlineSection = z
  .strictObject({
    /** Steps between readings; there is one more at the end. */
    everySteps: count,
    /** Rate of the linear classifiers. */
    learningRate: z.number().positive(),
    /** How many training images the neighbours come from, and how many held-out images are scored. */
    trainImages: count,
    testImages: count,
  })
  .nullable();
