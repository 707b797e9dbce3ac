import type { AugmentationV1 } from "@blockwise/spec";
import { beforeAll, describe, expect, it } from "vitest";
import { failedChecks } from "../__fixtures__/failed-checks.js";
import { augmentationChecks } from "./augmentation-checks.js";
import { describeAugmentation } from "./describe-augmentation.js";

const module = new URL("../__fixtures__/inverted-view.mjs", import.meta.url).href;
const makeView = async (options: object = {}): Promise<AugmentationV1> =>
  (await import(module)).invertedView(options);

describeAugmentation({ name: "an inverted view", create: makeView });

describe("the checks of augmentations", () => {
  let good: AugmentationV1;
  beforeAll(async () => {
    good = await makeView();
  });

  type Request = Parameters<AugmentationV1["doView"]>[0];
  const afterView = (change: (request: Request) => void): Partial<AugmentationV1> => ({
    doView: (request) => {
      good.doView(request);
      change(request);
    },
  });
  let calls = 0;

  it.each<[string, () => Partial<AugmentationV1>, string[]]>([
    ["makes no view", () => ({ views: 0 }), ["says what it is", "refuses images", "is made by threads"]],
    [
      "leaves a value out",
      () => afterView(({ out }) => out.fill(Number.NaN, 3, 4)),
      ["writes every value", "takes images of any size", "gives the same view", "is made by threads"],
    ],
    [
      "fails on narrow images",
      () => ({
        doView: (request) => {
          if (request.image.width === 1) throw new RangeError("no room to crop");
          good.doView(request);
        },
      }),
      ["takes images of any size"],
    ],
    [
      "remembers the image before",
      () => afterView(({ out, image }) => out.fill(calls++ + (image.data[0] ?? 0), 0, 1)),
      ["gives the same view", "is made by threads"],
    ],
    [
      "asks Math.random",
      () => afterView(() => void Math.random()),
      ["takes random numbers from its generator alone"],
    ],
    [
      "writes into the image",
      () => afterView(({ image }) => image.data.fill(1, 0, 1)),
      ["gives the same view", "leaves the image", "is made by threads"],
    ],
    [
      "takes anything",
      () => ({ doView: ({ out }) => void out.fill(0), workerRecipe: undefined as never }),
      ["refuses images"],
    ],
    [
      "draws other numbers in threads",
      () => ({ workerRecipe: { module, exportName: "invertedLater" } }),
      ["is made by threads"],
    ],
    [
      "has a recipe that leads nowhere",
      () => ({ workerRecipe: { module, exportName: "nothing" } }),
      ["is made by threads"],
    ],
  ])("find one that %s", async (_, overrides, expected) => {
    const augmentation = { ...good, ...overrides() };
    const failed = Object.keys(
      await failedChecks(augmentationChecks, { augmentation, imageSize: [6, 5], seed: 1 }),
    );
    expect(failed).toEqual(expected.map((start) => expect.stringMatching(new RegExp(`^${start}`))));
  });
});
