import type { ScheduleV1 } from "@blockwise/spec";
import { checkNotNegative } from "./check-options.js";

/**
 * The same learning rate at every step.
 *
 * @throws InvalidOptionError for a rate that is negative or not finite
 * @example
 * const schedule = constant(0.01);
 */
export function constant(learningRate: number): ScheduleV1 {
  checkNotNegative("learningRate", learningRate);
  return {
    specificationVersion: "v1",
    kind: "schedule",
    id: "constant",
    options: { learningRate },
    learningRate: () => learningRate,
  };
}
