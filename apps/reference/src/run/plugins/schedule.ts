import { warmupCosine } from "@blockwise/optim";
import type { ScheduleV1 } from "@blockwise/spec";
import type { ImageResolvedConfig } from "../../config/schema.js";
import { pluginFromPackage } from "./from-package.js";

/** @throws InvalidOptionError, and as `pluginFromPackage` does */
export async function createSchedule({ optimizer, schedule }: ImageResolvedConfig): Promise<ScheduleV1> {
  const settled = { baseLearningRate: optimizer.learningRate };
  if (typeof schedule === "string" || "package" in schedule) {
    return pluginFromPackage({ kind: "schedule", field: "schedule", choice: schedule, settled });
  }
  return warmupCosine({ ...settled, ...schedule });
}
