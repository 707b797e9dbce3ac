import { warmupCosine } from "@blockwise/optim";
import type { ScheduleV1 } from "@blockwise/spec";
import type { ImageResolvedConfig } from "../../config/schema.js";

/** @throws InvalidOptionError */
export function createSchedule({ optimizer, schedule }: ImageResolvedConfig): ScheduleV1 {
  return warmupCosine({ baseLearningRate: optimizer.learningRate, ...schedule });
}
