import { isDeepStrictEqual } from "node:util";
import type { BackboneV1, ParameterSpecV1 } from "@blockwise/spec";
import { beforeAll, describe, it } from "vitest";
import { ensure } from "../ensure.js";
import { compareLayer } from "../layer/compare-layer.js";
import { type EngineChoice, itOnEngines } from "../plugin/engines.js";
import { makeAgain } from "../plugin/identity.js";
import type { PluginFactory } from "../plugin/plugin-factory.js";
import { useCpuBackend } from "../use-cpu-backend.js";
import { backboneChecks } from "./backbone-checks.js";
import { type BackboneUnderTest, unitsUnderTest } from "./backbone-under-test.js";

/** What is known of a backbone that is to be tested. */
export interface BackboneDescription<Options> extends PluginFactory<Options, BackboneV1>, EngineChoice {
  /** `[height, width]` of the images it is tried out on; small, and no larger than its strides need. @default [8, 8] */
  readonly imageSize?: readonly [height: number, width: number];
  /** @default 4 */
  readonly batchSize?: number;
  /** Of the random images; change it where a check finds no direction without a corner. @default 1 */
  readonly seed?: number;
}

/**
 * Defines the tests that every backbone has to pass: what it says of itself, names, stages, shapes, typed refusals, and
 * for each unit gradients against finite differences, degenerate input, samples, repeatability, untouched inputs, no
 * leak, options through JSON, and the same numbers on every engine.
 *
 * @example
 * describeBackbone({ name: "ResNet", create: resnet, options: { depth: 18, width: 4 }, createEngine });
 */
export function describeBackbone<Options>(description: BackboneDescription<Options>): void {
  const { create, options, imageSize = [8, 8], batchSize = 4, seed = 1 } = description;
  const makeTest = async (): Promise<BackboneUnderTest> => ({
    backbone: await create(options),
    imageSize,
    batchSize,
    seed,
  });

  describe(`${description.name} as a backbone`, () => {
    beforeAll(useCpuBackend);

    for (const { name, run } of backboneChecks) it(name, async () => run(await makeTest()));

    it("is made again by its options, through JSON", async () => {
      const backbone = await create(options);
      const again = await makeAgain(description, backbone);
      const [first, second] = [backbone, again].map(describeNetwork);
      ensure(isDeepStrictEqual(first, second), "made again from its options, it has other units");
    });

    itOnEngines(description, "computes the same on the engine", async (makeEngine) => {
      for (const unit of unitsUnderTest(await makeTest())) {
        await useCpuBackend();
        await compareLayer(unit, makeEngine);
      }
    });
  });
}

function describeNetwork({ units, stages, inputChannels }: BackboneV1): readonly unknown[] {
  const described = units.map(({ id, parameterPrefix, joinsNext, layer }) => {
    const parameters: readonly ParameterSpecV1[] = layer.parameters;
    return [id, parameterPrefix, joinsNext, parameters, layer.buffers];
  });
  return [inputChannels, stages, described];
}
