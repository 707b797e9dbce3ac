import { generator, rootKey } from "@blockwise/random";
import { BlockwiseError, type RawImage } from "@blockwise/spec";
import { ensure, ensureClose, ensureFinite } from "../ensure.js";
import { ensureRefused } from "../plugin/ensure-refused.js";
import { ensureIdentity } from "../plugin/identity.js";
import type { PluginCheck } from "../plugin/plugin-check.js";
import {
  type AugmentationUnderTest,
  flatImage,
  randomImage,
  viewLength,
  viewOf,
} from "./augmentation-under-test.js";
import { recordingGenerator } from "./recorded-draws.js";
import { viewInThread } from "./view-in-thread.js";

/** Sizes at which resizing and cropping go wrong first. */
const awkwardSizes = [
  [1, 1],
  [1, 90],
  [90, 1],
  [3, 5],
  [37, 64],
] as const;

/** What every augmentation promises; that threads make the same views, where it has a worker recipe. */
export const augmentationChecks: readonly PluginCheck<AugmentationUnderTest>[] = [
  {
    name: "says what it is",
    run({ augmentation }) {
      ensureIdentity(augmentation, "augmentation");
      const { views, shape } = augmentation;
      ensure(Number.isInteger(views) && views > 0, `it makes ${views} views`);
      const sizes = [shape.height, shape.width, shape.channels];
      ensure(
        sizes.every((size) => Number.isInteger(size) && size > 0),
        `its views have the shape [${sizes}]`,
      );
    },
  },
  {
    name: "writes every value of each view, finite",
    run(test) {
      const { augmentation, seed } = test;
      for (const image of [randomImage(test), flatImage(test, 0), flatImage(test, 255)]) {
        for (let view = 0; view < augmentation.views; view++) {
          for (let draw = 0; draw < 10; draw++) {
            ensureFinite(viewOf(augmentation, image, { view, seed: seed + draw }), `a value of view ${view}`);
          }
        }
      }
    },
  },
  {
    name: "takes images of any size, or refuses them by their shape",
    run(test) {
      const { augmentation, seed } = test;
      for (const size of awkwardSizes) {
        try {
          for (let draw = 0; draw < 5; draw++) {
            const out = viewOf(augmentation, randomImage(test, size), { seed: seed + draw });
            ensureFinite(out, `a value of an image of [${size}]`);
          }
        } catch (error) {
          if (!isShapeMismatch(error)) throw error;
        }
      }
    },
  },
  {
    name: "gives the same view for the same image, view and generator, whatever was made before",
    run(test) {
      const { augmentation, seed } = test;
      const image = randomImage(test);
      const first = viewOf(augmentation, image, { seed });
      for (let other = 1; other < 4; other++)
        viewOf(augmentation, flatImage(test, 7 * other), { seed: seed + other });
      ensureClose(viewOf(augmentation, image, { seed }), first, "the view made again", 0);
    },
  },
  {
    name: "takes random numbers from its generator alone",
    run(test) {
      const { augmentation, seed } = test;
      const image = randomImage(test);
      const random = Math.random;
      let calls = 0;
      Math.random = () => {
        calls++;
        return random();
      };
      try {
        for (let view = 0; view < augmentation.views; view++) viewOf(augmentation, image, { view, seed });
      } finally {
        Math.random = random;
      }
      ensure(calls === 0, `it calls Math.random, ${calls} times`);
    },
  },
  {
    name: "leaves the image as it was",
    run(test) {
      const { augmentation, seed } = test;
      const image = randomImage(test);
      const before = image.data.slice();
      for (let view = 0; view < augmentation.views; view++) {
        for (let draw = 0; draw < 10; draw++) viewOf(augmentation, image, { view, seed: seed + draw });
      }
      ensureClose(image.data, before, "the image", 0);
    },
  },
  {
    name: "refuses images of other channels or without pixels, places of another size, and views that it does not have",
    run(test) {
      const { augmentation, seed } = test;
      const image = randomImage(test);
      const channels = image.channels === 1 ? 3 : 1;
      const other = { ...image, channels, data: new Uint8Array(image.width * image.height * channels) };
      const refuse = (bad: RawImage, what: string): void =>
        ensureRefused(() => viewOf(augmentation, bad, { seed }), "BLOCKWISE_SHAPE_MISMATCH", what);
      refuse(other, `an image of ${channels} channels`);
      refuse({ ...image, height: 0, data: new Uint8Array() }, "an image without pixels");
      refuse({ ...image, data: image.data.slice(1) }, "an image with too few values");
      const random = generator(rootKey(seed));
      const short = new Float32Array(viewLength(augmentation) - 1);
      ensureRefused(
        () => augmentation.doView({ image, view: 0, random, out: short }),
        "BLOCKWISE_SHAPE_MISMATCH",
        "a place that is too short",
      );
      const { views } = augmentation;
      ensureRefused(
        () => viewOf(augmentation, image, { view: views, seed }),
        null,
        `view ${views} of ${views}`,
      );
    },
  },
  {
    name: "is made by threads as on the main thread, if it says so",
    async run(test) {
      const { augmentation, seed } = test;
      const { workerRecipe: recipe, views, options } = augmentation;
      if (recipe === undefined) return;
      const image = randomImage(test);
      const view = views - 1;
      const { random, draws } = recordingGenerator(seed);
      const expected = viewOf(augmentation, image, { view, seed, random });
      const request = { recipe, options, image, view, draws, length: expected.length };
      ensureClose(await viewInThread(request), expected, "the view of a thread", 0);
    },
  },
];

function isShapeMismatch(error: unknown): boolean {
  return BlockwiseError.isInstance(error) && error.code === "BLOCKWISE_SHAPE_MISMATCH";
}
