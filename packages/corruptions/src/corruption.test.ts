import { generator, rootKey } from "@blockwise/random";
import type { RawImage } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { goldenImage } from "./__fixtures__/golden-cases.js";
import {
  type CorruptionName,
  type CorruptionScale,
  corruption,
  corruptionNames,
  severities,
} from "./index.js";

const scales: readonly CorruptionScale[] = ["imagenet", "cifar"];
const color = goldenImage("color");
const grey = goldenImage("grey");

function flat(value: number, side = 64, channels = 3): RawImage {
  const data = new Uint8Array(side * side * channels).fill(value);
  return { width: side, height: side, channels, data };
}

function apply(
  name: CorruptionName,
  severity: (typeof severities)[number],
  scale: CorruptionScale,
  image: RawImage,
  seed = 1,
): Uint8Array {
  const { data } = corruption({ corruption: name, severity, scale }).apply(image, generator(rootKey(seed)));
  return data;
}

function moments(data: Uint8Array): { readonly mean: number; readonly variance: number } {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  return { mean, variance: data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length };
}

/** Mean absolute difference in grey levels. */
function change(image: RawImage, data: Uint8Array): number {
  return (
    data.reduce((sum, value, place) => sum + Math.abs(value - (image.data[place] ?? 0)), 0) / data.length
  );
}

describe.each(corruptionNames)("%s", (name) => {
  it("depends on the generator alone, and writes to no image that it is given", () => {
    for (const image of [color, grey]) {
      const before = image.data.slice();
      const operation = corruption({ corruption: name, severity: 4, scale: "cifar" });
      const first = operation.apply(image, generator(rootKey(1))).data.slice();
      operation.apply(color, generator(rootKey(2)));
      const again = operation.apply(image, generator(rootKey(1)));
      expect(again.data).toEqual(first);
      expect(again).toMatchObject({ width: image.width, height: image.height, channels: image.channels });
      expect(image.data).toEqual(before);
    }
  });

  it.each(scales)("changes the image by more at severity 5 than at 1, with the strengths of %s", (scale) => {
    const mildest = change(color, apply(name, 1, scale, color));
    const strongest = change(color, apply(name, 5, scale, color));
    // Elastic moves the image farthest at severities 1 and 2, and frost darkens it while it covers it: see below.
    const otherwise = ["elastic-transform", "frost"].includes(name);
    if (otherwise) expect(strongest).toBeGreaterThan(0);
    else expect(strongest).toBeGreaterThan(mildest);
  });

  it.each([
    [1, 1, 1],
    [1, 1, 3],
    [2, 3, 3],
    [5, 1, 1],
    [9, 20, 3],
  ])("takes %d x %d pixels of %d channels", (height, width, channels) => {
    const data = Uint8Array.from({ length: height * width * channels }, (_, place) => (place * 37) % 256);
    for (const severity of severities) {
      for (const scale of scales) {
        expect(apply(name, severity, scale, { height, width, channels, data })).toHaveLength(data.length);
      }
    }
  });

  it("takes black and white", () => {
    for (const value of [0, 255]) {
      const out = apply(name, 5, "imagenet", flat(value, 32));
      expect(out).toHaveLength(32 * 32 * 3);
    }
  });
});

describe("noise", () => {
  const levels = 255;
  it.each([
    ["imagenet", 1, 0.08],
    ["cifar", 5, 0.1],
  ] as const)("gaussian: has the published variance (%s %d)", (scale, severity, deviation) => {
    const { mean, variance } = moments(apply("gaussian-noise", severity, scale, flat(128, 128)));
    // Whole parts are half a level less on average.
    expect(mean).toBeCloseTo(127.5, 0);
    expect(variance / (levels * deviation) ** 2).toBeGreaterThan(0.97);
    expect(variance / (levels * deviation) ** 2).toBeLessThan(1.03);
  });

  it.each([
    ["imagenet", 1, 60],
    ["cifar", 1, 500],
  ] as const)("shot: has the mean and variance of photons (%s %d)", (scale, severity, photons) => {
    for (const value of [40, 128]) {
      const { mean, variance } = moments(apply("shot-noise", severity, scale, flat(value, 128)));
      expect(Math.abs(mean - value)).toBeLessThan(1);
      const expected = (levels ** 2 * (value / levels)) / photons;
      expect(variance / expected).toBeGreaterThan(0.96);
      expect(variance / expected).toBeLessThan(1.04);
    }
  });

  it.each([
    ["imagenet", 5, 0.27],
    ["cifar", 4, 0.05],
  ] as const)(
    "impulse: hits the published share, salt as often as pepper (%s %d)",
    (scale, severity, share) => {
      const out = apply("impulse-noise", severity, scale, flat(128, 128));
      const part = (value: number): number => out.filter((one) => one === value).length / out.length;
      expect(part(128)).toBeCloseTo(1 - share, 1);
      expect(Math.abs(part(0) - share / 2)).toBeLessThan(0.006);
      expect(Math.abs(part(255) - share / 2)).toBeLessThan(0.006);
      expect(part(0) + part(128) + part(255)).toBe(1);
    },
  );
});

describe("weather", () => {
  it.each(["snow", "frost"] as const)("%s brightens a dark image, and at most to white", (name) => {
    const dark = flat(60);
    for (const scale of scales) {
      expect(moments(apply(name, 5, scale, dark)).mean).toBeGreaterThan(60);
    }
  });

  it("fog keeps the brightest value and takes contrast away, ever more", () => {
    const before = moments(color.data);
    const variances = severities.map((severity) => moments(apply("fog", severity, "cifar", color)).variance);
    expect(Math.max(...variances)).toBeLessThan(before.variance);
    expect(Math.max(...apply("fog", 5, "cifar", color))).toBeLessThanOrEqual(255);
    expect([...apply("fog", 3, "cifar", flat(0))].every((value) => value === 0)).toBe(true);
  });

  it("frost lays more ice over the image with each strength, of the mean that its file states", () => {
    const black = flat(0, 224);
    const means = severities.map((severity) => moments(apply("frost", severity, "imagenet", black)).mean);
    // The weights of the ice: 0.4 to 0.75.
    expect(means.toSorted((a, b) => a - b)).toEqual(means);
    const ice = (means[0] ?? 0) / 0.4 / 255;
    expect(Math.abs(ice - 0.55)).toBeLessThan(0.15);
  });
});

describe("places", () => {
  it("glass takes each pixel from nearby: a flat image stays flat, and no colour is new", () => {
    expect(new Set(apply("glass-blur", 5, "cifar", flat(77)))).toEqual(new Set([77]));
    // The mildest blur of CIFAR is narrower than a pixel, so that pixels are only moved.
    const pixels = (data: Uint8Array): readonly string[] =>
      Array.from({ length: data.length / 3 }, (_, pixel) => data.subarray(3 * pixel, 3 * pixel + 3).join());
    const known = new Set(pixels(color.data));
    const moved = pixels(apply("glass-blur", 1, "cifar", color));
    expect(moved.every((pixel) => known.has(pixel))).toBe(true);
    expect(moved).not.toEqual(pixels(color.data));
  });

  it("motion and elastic leave a flat image flat", () => {
    for (const scale of scales) {
      for (const severity of severities) {
        expect(new Set(apply("motion-blur", severity, scale, flat(90)))).toEqual(new Set([90]));
        const elastic = apply("elastic-transform", severity, scale, flat(90));
        expect(elastic.every((value) => value === 90 || value === 89)).toBe(true);
      }
    }
  });

  it("elastic moves what it sees: the middle survives, other seeds move it elsewhere", () => {
    const first = apply("elastic-transform", 5, "cifar", color, 1);
    expect(first).not.toEqual(apply("elastic-transform", 5, "cifar", color, 2));
    expect(Math.abs(moments(first).mean - moments(color.data).mean)).toBeLessThan(10);
  });
});

describe("corruption", () => {
  it("lists the benchmark's fifteen in its order", () => {
    expect(corruptionNames).toHaveLength(15);
    expect([corruptionNames[0], corruptionNames[14]]).toEqual(["gaussian-noise", "jpeg-compression"]);
  });

  it.each([
    ["corruption", { corruption: "rain", severity: 1, scale: "cifar" }],
    ["severity", { corruption: "fog", severity: 0, scale: "cifar" }],
    ["severity", { corruption: "fog", severity: 1.5, scale: "cifar" }],
    ["scale", { corruption: "fog", severity: 1, scale: "tiny" }],
  ])("refuses another %s", (option, options) => {
    expect(() => corruption(options as never)).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option }),
    );
  });

  it("refuses what is no grey or coloured image", () => {
    const { apply: fog } = corruption({ corruption: "fog", severity: 1, scale: "cifar" });
    for (const image of [
      { width: 2, height: 2, channels: 2, data: new Uint8Array(8) },
      { width: 0, height: 2, channels: 3, data: new Uint8Array(0) },
      { width: 2, height: 2, channels: 3, data: new Uint8Array(11) },
    ]) {
      expect(() => fog(image, generator(rootKey(1)))).toThrow(
        expect.objectContaining({ code: "BLOCKWISE_SHAPE_MISMATCH" }),
      );
    }
  });
});
