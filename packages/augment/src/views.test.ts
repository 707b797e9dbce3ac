import { fold, generator, rootKey } from "@blockwise/random";
import { type AugmentationV1, InvalidOptionError, type RawImage } from "@blockwise/spec";
import { describe, expect, test } from "vitest";
import { type BarlowTwinsViewsOptions, barlowTwinsViews } from "./barlow-twins-views.js";
import { evaluationView } from "./evaluation-view.js";
import { trainCropView } from "./train-crop-view.js";

/** Normalisation that only scales, so that a view times 255 is its bytes. */
const plain = { mean: [0, 0, 0], std: [1, 1, 1] };
const plainGrey = { mean: [0], std: [1] };
/** Leaves the image as it is but for what a test turns on. */
const nothing = {
  scale: [1, 1],
  ratio: [1, 1],
  flip: 0,
  jitter: 0,
  grayscale: 0,
  blur: [0, 0],
  solarize: [0, 0],
} as const;

function noise(height: number, width: number, channels: number): RawImage {
  const random = generator(rootKey(9));
  const data = Uint8Array.from({ length: height * width * channels }, () => random.integer(256));
  return { height, width, channels, data };
}

function makeView(augmentation: AugmentationV1, image: RawImage, view: number, sample = 0): Float32Array {
  const { height, width, channels } = augmentation.shape;
  const out = new Float32Array(height * width * channels).fill(Number.NaN);
  augmentation.doView({ image, view, random: generator(fold(rootKey(1), sample, view)), out });
  return out;
}

function bytes(view: Float32Array): number[] {
  return Array.from(view, (value) => Math.round(value * 255));
}

/** How many of 400 samples a change reaches. */
function countChanged(options: Partial<BarlowTwinsViewsOptions>, view: 0 | 1): number {
  const image = noise(8, 8, 3);
  const augmentation = barlowTwinsViews({ size: 8, ...plain, ...nothing, ...options });
  let changed = 0;
  for (let sample = 0; sample < 400; sample++) {
    const pixels = bytes(makeView(augmentation, image, view, sample));
    if (pixels.some((value, place) => value !== image.data[place])) changed++;
  }
  return changed;
}

describe("barlowTwinsViews", () => {
  test("is plain JSON that makes the same augmentation again", () => {
    const augmentation = barlowTwinsViews({ size: 16, blur: [0.5, 0.5] });
    const options = JSON.parse(JSON.stringify(augmentation.options));
    expect(options).toEqual(augmentation.options);
    const again = barlowTwinsViews(options);
    expect(again.options).toEqual(augmentation.options);
    const image = noise(20, 24, 3);
    expect(makeView(again, image, 1)).toEqual(makeView(augmentation, image, 1));
    expect(augmentation).toMatchObject({ views: 2, shape: { height: 16, width: 16, channels: 3 } });
    expect(augmentation.workerRecipe?.exportName).toBe("barlowTwinsViews");
  });

  test("gives each sample and view other numbers, the same ones again, whatever was made before", () => {
    const augmentation = barlowTwinsViews({ size: 16 });
    const image = noise(32, 32, 3);
    const before = image.data.slice();
    const first = makeView(augmentation, image, 0, 3);
    expect(makeView(augmentation, image, 1, 3)).not.toEqual(first);
    expect(makeView(augmentation, image, 0, 4)).not.toEqual(first);
    makeView(augmentation, noise(9, 50, 3), 1, 5);
    expect(makeView(augmentation, image, 0, 3)).toEqual(first);
    expect(makeView(barlowTwinsViews({ size: 16 }), image, 0, 3)).toEqual(first);
    expect(image.data).toEqual(before);
  });

  test("applies each operation as often as the paper's table says", () => {
    // Five standard deviations of 400 draws, at most 50, either way.
    const near = (count: number, probability: number) =>
      expect(Math.abs(count - 400 * probability)).toBeLessThanOrEqual(
        5 * Math.sqrt(400 * probability * (1 - probability)),
      );
    near(countChanged({ flip: 0.5 }, 0), 0.5);
    near(countChanged({ jitter: 0.8 }, 0), 0.8);
    near(countChanged({ grayscale: 0.2 }, 0), 0.2);
    near(countChanged({ blur: [1, 0.1], blurSigma: [1, 2] }, 0), 1);
    near(countChanged({ blur: [1, 0.1], blurSigma: [1, 2] }, 1), 0.1);
    near(countChanged({ solarize: [0, 0.2] }, 0), 0);
    near(countChanged({ solarize: [0, 0.2] }, 1), 0.2);
    near(countChanged({}, 0), 0);
  });

  test("has the paper's table as its defaults", () => {
    expect(barlowTwinsViews({ size: 224 }).options).toEqual({
      size: 224,
      channels: 3,
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
      scale: [0.08, 1],
      ratio: [3 / 4, 4 / 3],
      interpolation: "bicubic",
      flip: 0.5,
      jitter: 0.8,
      brightness: 0.4,
      contrast: 0.4,
      saturation: 0.2,
      hue: 0.1,
      grayscale: 0.2,
      blur: [1, 0.1],
      blurSigma: [0.1, 2],
      solarize: [0, 0.2],
    });
  });

  test("takes grey images, and images smaller than the crop down to one pixel", () => {
    const grey = barlowTwinsViews({ size: 28, channels: 1 });
    for (const image of [
      noise(28, 28, 1),
      noise(5, 3, 1),
      noise(1, 1, 1),
      noise(1, 90, 1),
      noise(90, 1, 1),
    ]) {
      for (let sample = 0; sample < 20; sample++) {
        expect(makeView(grey, image, 1, sample).every(Number.isFinite)).toBe(true);
      }
    }
  });

  test("jitters each property within its strength", () => {
    const image: RawImage = { height: 2, width: 2, channels: 1, data: new Uint8Array(4).fill(100) };
    const off = { ...nothing, jitter: 1, contrast: 0, saturation: 0, hue: 0 };
    const augmentation = barlowTwinsViews({ size: 2, channels: 1, ...plainGrey, ...off, brightness: 0.4 });
    const levels = Array.from(
      { length: 300 },
      (_, sample) => bytes(makeView(augmentation, image, 0, sample))[0] ?? 0,
    );
    expect(Math.min(...levels)).toBeGreaterThanOrEqual(59);
    expect(Math.min(...levels)).toBeLessThan(63);
    expect(Math.max(...levels)).toBeLessThanOrEqual(140);
    expect(Math.max(...levels)).toBeGreaterThan(136);
  });

  test.each<[string, Partial<BarlowTwinsViewsOptions>]>([
    ["size", { size: 0 }],
    ["channels", { channels: 2 }],
    ["scale", { scale: [0, 1] }],
    ["scale", { scale: [0.5, 1.5] }],
    ["ratio", { ratio: [2, 1] }],
    ["probability", { flip: 1.1 }],
    ["probability", { jitter: Number.NaN }],
    ["hue", { hue: 0.6 }],
    ["brightness", { brightness: Number.POSITIVE_INFINITY }],
    ["blur", { blur: [1] as never }],
    ["sigma", { blurSigma: [0, 1] }],
    ["solarize", { solarize: [0, 2] }],
    ["interpolation", { interpolation: "nearest" as never }],
    ["mean", { mean: [0.5] }],
  ])("refuses a wrong %s", (option, options) => {
    let error: unknown;
    try {
      barlowTwinsViews({ size: 32, ...options });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option });
  });
});

describe("random boxes", () => {
  test("have the areas and shapes asked for", () => {
    // A ramp in each direction shows the box: the view's first and last values are near the box's ends.
    const size = 100;
    const data = Uint8Array.from({ length: size * size * 3 }, (_, place) => {
      const pixel = Math.floor(place / 3);
      return place % 3 === 0 ? pixel % size : place % 3 === 1 ? Math.floor(pixel / size) : 0;
    });
    const image = { height: size, width: size, channels: 3, data };
    const augmentation = trainCropView({ size: 50, ...plain, flip: 0, scale: [0.2, 0.6], ratio: [0.5, 2] });
    const areas: number[] = [];
    const logShapes: number[] = [];
    for (let sample = 0; sample < 500; sample++) {
      const view = bytes(makeView(augmentation, image, 0, sample));
      const width = ((view.at(-3) ?? 0) - (view[0] ?? 0)) * (50 / 49);
      const height = ((view.at(-2) ?? 0) - (view[1] ?? 0)) * (50 / 49);
      areas.push((width * height) / size ** 2);
      logShapes.push(Math.log(width / height));
    }
    expect(Math.min(...areas)).toBeGreaterThan(0.17);
    expect(Math.max(...areas)).toBeLessThan(0.63);
    expect(Math.abs(mean(areas) - 0.4)).toBeLessThan(0.03);
    expect(Math.max(...logShapes.map(Math.abs))).toBeLessThan(Math.log(2) + 0.08);
    expect(Math.abs(mean(logShapes))).toBeLessThan(0.1);
  });

  test("fall back to the largest allowed box in the middle where none fits", () => {
    // Columns 0 to 99 of a strip; the widest box of ratio 1 in 4 rows is 4 wide, from column 48.
    const data = Uint8Array.from({ length: 400 }, (_, place) => place % 100);
    const augmentation = trainCropView({
      size: 4,
      channels: 1,
      ...plainGrey,
      flip: 0,
      scale: [1, 1],
      ratio: [1, 1],
    });
    const view = bytes(makeView(augmentation, { height: 4, width: 100, channels: 1, data }, 0));
    expect(view.slice(0, 4)).toEqual([48, 49, 50, 51]);
  });
});

describe("evaluationView", () => {
  test("leaves an image of its size alone", () => {
    const image = noise(8, 8, 3);
    expect(bytes(makeView(evaluationView({ size: 8, ...plain }), image, 0))).toEqual([...image.data]);
  });

  test("cuts the square out of the middle", () => {
    const data = Uint8Array.from({ length: 32 }, (_, place) => place % 8);
    const image = { height: 4, width: 8, channels: 1, data };
    const view = bytes(makeView(evaluationView({ size: 4, channels: 1, ...plainGrey }), image, 0));
    expect(view.slice(0, 4)).toEqual([2, 3, 4, 5]);
  });

  test("keeps a margin with cropFraction", () => {
    const image = noise(8, 8, 1);
    const options = { size: 6, channels: 1, ...plainGrey, cropFraction: 0.75 };
    const view = bytes(makeView(evaluationView(options), image, 0));
    expect(view.slice(0, 6)).toEqual([...image.data.slice(9, 15)]);
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
