import { warmupCosine } from "@blockwise/optim";
import type { ScheduleV1 } from "@blockwise/spec";
import type { ResolvedConfig } from "../../config/schema.js";

/** @throws InvalidOptionError */
export function createSchedule({ optimizer, schedule }: ResolvedConfig): ScheduleV1 {
  return warmupCosine({ baseLearningRate: optimizer.learningRate, ...schedule });
}
