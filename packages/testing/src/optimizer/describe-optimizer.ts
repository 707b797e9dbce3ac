import type { EngineV1, OptimizerV1 } from "@blockwise/spec";
import { beforeAll, describe, it } from "vitest";
import { ensureClose } from "../ensure.js";
import { type EngineChoice, itOnEngines } from "../plugin/engines.js";
import { makeAgain } from "../plugin/identity.js";
import type { PluginFactory } from "../plugin/plugin-factory.js";
import { useCpuBackend } from "../use-cpu-backend.js";
import { ensureSame, optimizerChecks } from "./optimizer-checks.js";
import { descend, type OptimizerUnderTest, startPosition } from "./optimizer-under-test.js";

/** What is known of an optimiser that is to be tested. */
export interface OptimizerDescription<Options> extends PluginFactory<Options, OptimizerV1>, EngineChoice {
  /** A rate at which it descends on `|p|^2 / 2`. @default 0.01 */
  readonly learningRate?: number;
  /** Of the random parameters. @default 1 */
  readonly seed?: number;
}

/**
 * Defines the tests that every optimiser has to pass: what it says of itself, slots, descent, a rate of 0, extreme
 * gradients, repeatability, order of the parameters, untouched inputs, no leak, typed refusals, going on from saved
 * state by an optimiser made again from JSON, and the same numbers on every engine.
 *
 * @example
 * describeOptimizer({ name: "SGD", create: sgd, createEngine });
 */
export function describeOptimizer<Options>(description: OptimizerDescription<Options>): void {
  const { create, options, learningRate = 0.01, seed = 1 } = description;
  const makeTest = async (): Promise<OptimizerUnderTest> => ({
    optimizer: await create(options),
    learningRate,
    seed,
  });

  describe(`${description.name} as an optimiser`, () => {
    beforeAll(useCpuBackend);

    for (const { name, run } of optimizerChecks) it(name, async () => run(await makeTest()));

    it("goes on from saved state as if it had not stopped, made again by its options, through JSON", async () =>
      checkResumption(await makeTest(), await makeAgain(description, await create(options))));

    itOnEngines(description, "computes the same on the engine", async (makeEngine) =>
      compareOptimizer(await makeTest(), makeEngine),
    );
  });
}

/** @throws Error where two updates, a stop and two more give other numbers than four updates. */
export function checkResumption(test: OptimizerUnderTest, again: OptimizerV1): void {
  const start = startPosition(test);
  const straight = descend(test, start, { first: 0, count: 4 });
  const half = descend(test, start, { first: 0, count: 2 });
  const resumed = descend({ ...test, optimizer: again }, half, { first: 2, count: 2 });
  ensureSame(resumed.parameters, straight.parameters, "resumed,");
  ensureSame(resumed.state, straight.state, "resumed, the slot");
}

async function compareOptimizer(
  test: OptimizerUnderTest,
  makeEngine: () => Promise<EngineV1>,
): Promise<void> {
  const update = { first: 0, count: 3 };
  const expected = descend(test, startPosition(test), update);
  const { id } = await makeEngine();
  const received = descend(test, startPosition(test), update);
  for (const part of ["parameters", "state"] as const) {
    for (const [name, { values }] of Object.entries(expected[part])) {
      ensureClose(received[part][name]?.values ?? [], values, `"${name}" on ${id}`);
    }
  }
}
