import type { ScheduleV1 } from "@blockwise/spec";
import { ensure } from "../ensure.js";
import { ensureIdentity } from "../plugin/identity.js";
import type { PluginCheck } from "../plugin/plugin-check.js";

const runLengths = [1, 2, 10, 1000];

/** What every schedule promises. */
export const scheduleChecks: readonly PluginCheck<ScheduleV1>[] = [
  { name: "says what it is", run: (schedule) => ensureIdentity(schedule, "schedule") },
  {
    name: "gives a finite rate of at least 0 for every step of runs of any length",
    run(schedule) {
      for (const stepCount of runLengths) {
        ratesOf(schedule, stepCount).forEach((rate, step) => {
          ensure(Number.isFinite(rate) && rate >= 0, `the rate of step ${step} of ${stepCount} is ${rate}`);
        });
      }
    },
  },
  {
    name: "gives a step the same rate whenever it is asked",
    run(schedule) {
      for (const stepCount of runLengths) {
        const forward = ratesOf(schedule, stepCount);
        for (let step = stepCount - 1; step >= 0; step--) {
          const rate = schedule.learningRate({ step, stepCount });
          ensure(rate === forward[step], `step ${step} of ${stepCount} had ${forward[step]}, then ${rate}`);
        }
      }
    },
  },
];

/** All rates of a run. */
export function ratesOf(schedule: ScheduleV1, stepCount: number): number[] {
  return Array.from({ length: stepCount }, (_, step) => schedule.learningRate({ step, stepCount }));
}
