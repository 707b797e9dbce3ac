import type { AugmentationV1 } from "@blockwise/spec";
import { describe, it } from "vitest";
import { ensureClose } from "../ensure.js";
import { makeAgain } from "../plugin/identity.js";
import type { PluginFactory } from "../plugin/plugin-factory.js";
import { augmentationChecks } from "./augmentation-checks.js";
import { type AugmentationUnderTest, randomImage, viewOf } from "./augmentation-under-test.js";

/** What is known of an augmentation that is to be tested. */
export interface AugmentationDescription<Options> extends PluginFactory<Options, AugmentationV1> {
  /** `[height, width]` of the images it is tried out on. @default [20, 24] */
  readonly imageSize?: readonly [height: number, width: number];
  /** Of the random images, and of the generators. @default 1 */
  readonly seed?: number;
}

/**
 * Defines the tests that every augmentation has to pass: what it says of itself, finite views of images of any size, black
 * and white ones, the same view for the same generator, no other source of random numbers, untouched images, typed
 * refusals, options through JSON, and the same view in a worker thread where it has a `workerRecipe` (whose module must
 * have been built).
 *
 * @example
 * describeAugmentation({ name: "the evaluation view", create: evaluationView, options: { size: 16 } });
 */
export function describeAugmentation<Options>(description: AugmentationDescription<Options>): void {
  const { create, options, imageSize = [20, 24], seed = 1 } = description;
  const makeTest = async (): Promise<AugmentationUnderTest> => ({
    augmentation: await create(options),
    imageSize,
    seed,
  });

  describe(`${description.name} as an augmentation`, () => {
    for (const { name, run } of augmentationChecks) it(name, async () => run(await makeTest()));

    it("is made again by its options, through JSON", async () => {
      const test = await makeTest();
      const again = await makeAgain(description, test.augmentation);
      const image = randomImage(test);
      for (let view = 0; view < test.augmentation.views; view++) {
        const expected = viewOf(test.augmentation, image, { view, seed });
        ensureClose(viewOf(again, image, { view, seed }), expected, "made again, its view", 0);
      }
    });
  });
}
