import { expect, test } from "vitest";
import { makeGaussianBlur } from "./blur.js";

test.each([0.1, 0.5, 1, 2, 9])(
  "keeps an even colour, also where the box is wider than the image, at %d",
  (sigma) => {
    const blur = makeGaussianBlur();
    for (const [height, width] of [
      [1, 1],
      [1, 9],
      [9, 1],
      [4, 5],
    ] as const) {
      const image = { height, width, channels: 3, data: new Uint8Array(height * width * 3).fill(201) };
      const out = { ...image, data: new Uint8Array(image.data.length) };
      blur(image, out, sigma);
      expect(out.data).toEqual(image.data);
    }
  },
);

test("spreads a point as a Gaussian does, within a grey level and a half", () => {
  const size = 33;
  const middle = (size * size - 1) / 2;
  const image = { height: size, width: size, channels: 1, data: new Uint8Array(size * size) };
  image.data[middle] = 255;
  const out = { ...image, data: new Uint8Array(size * size) };
  const sigma = 1.5;
  makeGaussianBlur()(image, out, sigma);
  for (const [place, value] of out.data.entries()) {
    const x = (place % size) - 16;
    const y = Math.floor(place / size) - 16;
    const gaussian = (255 * Math.exp(-(x * x + y * y) / (2 * sigma ** 2))) / (2 * Math.PI * sigma ** 2);
    expect(Math.abs(value - gaussian)).toBeLessThan(1.5);
  }
});
