import type { RawImage } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { changePlainly, luminance } from "../__fixtures__/plain-colors.js";
import { type ColorChange, changeColors } from "./change-colors.js";
import { flipHorizontally } from "./flip.js";
import { toGrayscale } from "./grayscale.js";
import { solarizeAbove } from "./solarize.js";

function noise(height: number, width: number, channels: number): RawImage {
  const data = Uint8Array.from(
    { length: height * width * channels },
    (_, place) => Math.imul(place + 7, 2654435761) >>> 24,
  );
  return { height, width, channels, data };
}

/** Every colour whose channels are among so many levels, evenly from 0 to 255. */
function colors(levels: number): RawImage {
  const level = (index: number): number => Math.round(((index % levels) * 255) / (levels - 1));
  const data = new Uint8Array(3 * levels ** 3);
  for (let color = 0; color < levels ** 3; color++) {
    data.set(
      [level(color), level(Math.floor(color / levels)), level(Math.floor(color / levels ** 2))],
      3 * color,
    );
  }
  return { height: levels ** 2, width: levels, channels: 3, data };
}

const sizes = [
  [1, 1],
  [1, 5],
  [2, 8],
  [3, 11],
  [7, 16],
  [20, 33],
] as const;

describe("changeColors", () => {
  const all: readonly ColorChange[] = [
    { property: "brightness", amount: 1.3 },
    { property: "contrast", amount: 0.7 },
    { property: "saturation", amount: 1.9 },
    { property: "hue", amount: -0.08 },
  ];

  it.each(sizes)("makes any changes in any order as plain code does, at %i x %i", (height, width) => {
    for (const order of [[0, 1, 2, 3], [3, 2, 1, 0], [1, 1], [1], [2, 0, 3], []]) {
      const changes = order.map((index) => all[index] as ColorChange);
      const image = noise(height, width, 3);
      const expected = noise(height, width, 3);
      for (const change of changes) changePlainly(expected, change);
      const out = { ...image, data: new Uint8Array(image.data.length) };
      changeColors(image, out, changes);
      expect(out.data, JSON.stringify(changes)).toEqual(expected.data);
      expect(image).toEqual(noise(height, width, 3));
    }
  });

  it.each([
    ["hue", [-0.5, -0.1, 0, 0.003, 0.1, 0.5]],
    ["saturation", [0, 0.35, 1, 1.2, 40]],
    ["brightness", [0, 0.61, 1, 7]],
    ["contrast", [0, 0.61, 1, 7]],
  ] as const)("agrees on colours of all kinds in %s", (property, amounts) => {
    const image = colors(35);
    for (const amount of amounts) {
      const expected = { ...image, data: image.data.slice() };
      changePlainly(expected, { property, amount });
      const out = { ...image, data: new Uint8Array(image.data.length) };
      changeColors(image, out, [{ property, amount }]);
      expect(Buffer.compare(out.data, expected.data), String(amount)).toBe(0);
    }
  });
});

describe("other changes", () => {
  it.each(sizes)("do as plain code does, at %i x %i", (height, width) => {
    for (const channels of [1, 3]) {
      const image = noise(height, width, channels);
      const { data } = image;
      const out = { ...image, data: new Uint8Array(data.length) };
      for (const threshold of [0, 1, 127.5, 128, 255, 256]) {
        solarizeAbove(image, out, threshold);
        expect(out.data).toEqual(data.map((value) => (value < threshold ? value : 255 - value)));
      }
      flipHorizontally(image, out);
      const flipped = data.map((_, place) => {
        const column = Math.floor(place / channels) % width;
        return data[place + (width - 1 - 2 * column) * channels] as number;
      });
      expect(out.data).toEqual(flipped);
    }
    const image = noise(height, width, 3);
    const grey = image.data.map((_, place) => {
      const [red = 0, green = 0, blue = 0] = image.data.subarray(place - (place % 3));
      return luminance(red, green, blue);
    });
    toGrayscale(image, image);
    expect(image.data).toEqual(grey);
  });
});
