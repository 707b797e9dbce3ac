import { isDeepStrictEqual } from "node:util";
import type { HeadV1, ProjectorV1 } from "@blockwise/spec";
import { beforeAll, describe, it } from "vitest";
import { ensure } from "../ensure.js";
import { compareLayer } from "../layer/compare-layer.js";
import { type EngineChoice, itOnEngines } from "../plugin/engines.js";
import { makeAgain } from "../plugin/identity.js";
import type { PluginFactory } from "../plugin/plugin-factory.js";
import { useCpuBackend } from "../use-cpu-backend.js";
import { describeLayer, type HeadUnderTest, headChecks, layersUnderTest } from "./head-checks.js";

/** What is known of a head or projector that is to be tested. */
export interface HeadDescription<Options, Plugin extends HeadV1 | ProjectorV1 = HeadV1>
  extends PluginFactory<Options, Plugin>,
    EngineChoice {
  /**
   * Shapes of one sample. @default for heads the maps `[4, 3, 5]` and `[1, 1, 4]`, for projectors the vectors `[6]` and
   * `[3]`
   */
  readonly inputShapes?: readonly (readonly number[])[];
  /** @default 6 */
  readonly batchSize?: number;
  /** Of the random input; change it where a check finds no direction without a corner. @default 1 */
  readonly seed?: number;
}

/** What is known of a projector that is to be tested. */
export type ProjectorDescription<Options> = HeadDescription<Options, ProjectorV1>;

/**
 * Defines the tests that every head has to pass: what it says of itself, shapes, typed refusals, gradients against finite
 * differences, degenerate input, samples, repeatability, untouched inputs, no leak, options through JSON, and the same
 * numbers on every engine.
 *
 * @example
 * describeHead({ name: "the pooling head", create: globalPool, createEngine });
 */
export function describeHead<Options>(description: HeadDescription<Options>): void {
  const shapes = [
    [4, 3, 5],
    [1, 1, 4],
  ];
  describePooling(description, "head", shapes);
}

/**
 * Defines the tests that every projector has to pass: those of heads, on vectors.
 *
 * @example
 * describeProjector({ name: "the MLP", create: mlpProjector, options: { widths: [4, 3] }, createEngine });
 */
export function describeProjector<Options>(description: ProjectorDescription<Options>): void {
  describePooling(description, "projector", [[6], [3]]);
}

function describePooling<Options, Plugin extends HeadV1 | ProjectorV1>(
  description: HeadDescription<Options, Plugin>,
  kind: "head" | "projector",
  shapes: readonly (readonly number[])[],
): void {
  const { create, options, inputShapes = shapes, batchSize = 6, seed = 1 } = description;
  const makeTest = async (): Promise<HeadUnderTest> => ({
    kind,
    plugin: await create(options),
    inputShapes,
    batchSize,
    seed,
  });

  describe(`${description.name} as a ${kind}`, () => {
    beforeAll(useCpuBackend);

    for (const { name, run } of headChecks) it(name, async () => run(await makeTest()));

    it("is made again by its options, through JSON", async () => {
      const plugin = await create(options);
      const again = await makeAgain(description, plugin);
      for (const inputShape of inputShapes) {
        const [first, second] = [plugin, again].map((one) => describeLayer(one.doCreate({ inputShape })));
        ensure(isDeepStrictEqual(first, second), "made again from its options, it asks for other parameters");
      }
    });

    itOnEngines(description, "computes the same on the engine", async (makeEngine) => {
      for (const layer of layersUnderTest(await makeTest())) {
        await useCpuBackend();
        await compareLayer(layer, makeEngine);
      }
    });
  });
}
