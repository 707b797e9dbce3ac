import { z } from "zod";
import { packageChoice, packageName } from "./package.js";
import { fraction } from "./quantities.js";

const warmupCosine = z.strictObject({ warmupFraction: fraction, finalFactor: fraction });

/** How the learning rate goes up and down. A package's factory is also given `baseLearningRate`, the optimiser's. */
export const scheduleSection = z.union([warmupCosine, packageChoice, packageName]);
