import type { RandomGenerator, RawImage } from "@blockwise/spec";
import { describe, expect, test } from "vitest";
import { changePlainly } from "../__fixtures__/plain-colors.js";
import { colorJitter } from "./color-jitter.js";
import { randomGrayscale } from "./random-grayscale.js";
import { resizeAndCenterCrop } from "./resize-and-center-crop.js";

/** Always applies, draws the low end of each range, and chooses as told. */
function rigged(integer: (bound: number) => number): RandomGenerator {
  return { uniform: () => 0, integer, normal: () => 0 };
}

const first = rigged(() => 0);
const last = rigged((bound) => bound - 1);

function ramp(height: number, width: number, channels: number): RawImage {
  const data = Uint8Array.from({ length: height * width * channels }, (_, place) => (place * 53) % 256);
  return { height, width, channels, data };
}

describe("colorJitter", () => {
  const image = ramp(4, 4, 3);
  const brightness = (out: RawImage) => changePlainly(out, { property: "brightness", amount: 0.6 });
  const contrast = (out: RawImage) => changePlainly(out, { property: "contrast", amount: 0.6 });
  const saturation = (out: RawImage) => changePlainly(out, { property: "saturation", amount: 0.8 });
  const hue = (out: RawImage) => changePlainly(out, { property: "hue", amount: -0.1 });

  test.each([
    ["as listed", last, [brightness, contrast, saturation, hue]],
    ["shuffled", first, [contrast, saturation, hue, brightness]],
  ] as const)("changes all four properties in the order drawn: %s", (_, random, order) => {
    const expected = { ...image, data: image.data.slice() };
    for (const change of order) change(expected);
    expect(colorJitter({ probability: 1 }).apply(image, random)).toEqual(expected);
  });

  test("has no saturation or hue to change in grey images", () => {
    const grey = ramp(3, 3, 1);
    const jitter = colorJitter({ probability: 1, brightness: 0, contrast: 0 });
    expect(jitter.apply(grey, first)).toEqual(grey);
  });
});

test("randomGrayscale leaves grey images alone", () => {
  const grey = ramp(3, 3, 1);
  expect(randomGrayscale({ probability: 1 }).apply(grey, first)).toBe(grey);
});

test.each([
  [5, 0],
  [7, 2],
  [9, 2],
])("resizeAndCenterCrop takes four of %i columns from column %i, as Python rounds", (width, start) => {
  const data = Uint8Array.from({ length: 4 * width }, (_, place) => place % width);
  const out = resizeAndCenterCrop({ size: 4 }).apply({ height: 4, width, channels: 1, data }, first);
  expect([...out.data.slice(0, 4)]).toEqual([start, start + 1, start + 2, start + 3]);
});
