import type { EvaluatorV1 } from "@blockwise/spec";
import { beforeAll, describe, it } from "vitest";
import { ensure } from "../ensure.js";
import { type EngineChoice, itOnEngines } from "../plugin/engines.js";
import { makeAgain } from "../plugin/identity.js";
import type { PluginFactory } from "../plugin/plugin-factory.js";
import { useCpuBackend } from "../use-cpu-backend.js";
import { evaluatorChecks } from "./evaluator-checks.js";
import { clusters, type EvaluatorUnderTest, evaluate } from "./feature-tables.js";

/** What is known of an evaluator that is to be tested. */
export interface EvaluatorDescription<Options> extends PluginFactory<Options, EvaluatorV1>, EngineChoice {
  /** Rows of the training split; the test split has half as many. @default 60 */
  readonly rowCount?: number;
  /** The least that it must score on three classes that lie far apart, in percent. @default 90 */
  readonly leastScore?: number;
  /** Of the random features, and handed to the evaluator. @default 1 */
  readonly seed?: number;
}

/**
 * Defines the tests that every evaluator has to pass: what it says of itself, the score of classes that lie far apart, its
 * protocol, no look at the labels it is tested on, repeatability, degenerate features, untouched inputs, no leak, typed
 * refusals, options through JSON, and about the same score on every engine.
 *
 * @example
 * describeEvaluator({ name: "a linear probe", create: linearProbe, options: { epochs: 5 }, createEngine });
 */
export function describeEvaluator<Options>(description: EvaluatorDescription<Options>): void {
  const { create, options, rowCount = 60, leastScore = 90, seed = 1 } = description;
  const makeTest = async (): Promise<EvaluatorUnderTest> => ({
    evaluator: await create(options),
    rowCount,
    leastScore,
    seed,
  });

  describe(`${description.name} as an evaluator`, () => {
    beforeAll(useCpuBackend);

    for (const { name, run } of evaluatorChecks) it(name, async () => run(await makeTest()));

    it("is made again by its options, through JSON", async () => {
      const test = await makeTest();
      const again = await makeAgain(description, test.evaluator);
      const request = clusters(test, 1);
      const [first, second] = [await evaluate(test, request), await again.doEvaluate(request)];
      ensure(first.top1 === second.top1, `it scores ${first.top1} %, made again ${second.top1} %`);
    });

    itOnEngines(description, "tells classes apart on the engine", async (makeEngine) => {
      await makeEngine();
      const test = await makeTest();
      const { top1 } = await evaluate(test, clusters(test));
      ensure(top1 >= leastScore, `it scores ${top1} %, not at least ${leastScore} %`);
    });
  });
}
