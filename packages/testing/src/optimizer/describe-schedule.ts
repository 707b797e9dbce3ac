import { isDeepStrictEqual } from "node:util";
import type { ScheduleV1 } from "@blockwise/spec";
import { describe, it } from "vitest";
import { ensure } from "../ensure.js";
import { makeAgain } from "../plugin/identity.js";
import type { PluginFactory } from "../plugin/plugin-factory.js";
import { ratesOf, scheduleChecks } from "./schedule-checks.js";

/**
 * Defines the tests that every schedule has to pass: what it says of itself, finite rates for runs of any length, the same
 * rate whenever it is asked, options through JSON.
 *
 * @example
 * describeSchedule({ name: "warm-up and cosine", create: warmupCosine, options: { baseLearningRate: 0.1 } });
 */
export function describeSchedule<Options>(description: PluginFactory<Options, ScheduleV1>): void {
  const { create, options } = description;

  describe(`${description.name} as a schedule`, () => {
    for (const { name, run } of scheduleChecks) it(name, async () => run(await create(options)));

    it("is made again by its options, through JSON", async () => {
      const schedule = await create(options);
      const [first, second] = [schedule, await makeAgain(description, schedule)].map((one) =>
        ratesOf(one, 100),
      );
      ensure(isDeepStrictEqual(first, second), "made again from its options, it gives other rates");
    });
  });
}
