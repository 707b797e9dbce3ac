import { expect, test } from "vitest";
import { gaussianBlurInto } from "./blur.js";

test.each([0.1, 0.5, 1, 2, 9])(
  "keeps an even colour, also where the box is wider than the image, at %d",
  (sigma) => {
    for (const [height, width] of [
      [1, 1],
      [1, 9],
      [9, 1],
      [4, 5],
    ] as const) {
      const image = { height, width, channels: 3, data: new Uint8Array(height * width * 3).fill(201) };
      const out = { ...image, data: new Uint8Array(image.data.length) };
      gaussianBlurInto(image, out, sigma);
      expect(out.data).toEqual(image.data);
    }
  },
);

test.each([0.5, 1, 2])("is a Gaussian of deviation %d to less than a grey level on average", (sigma) => {
  const size = 48;
  const data = Uint8Array.from({ length: size * size }, (_, place) => Math.imul(place, 2654435761) >>> 24);
  const image = { height: size, width: size, channels: 1, data };
  const out = { ...image, data: new Uint8Array(size * size) };
  gaussianBlurInto(image, out, sigma);
  const exact = gaussianColumns(gaussianColumns(Array.from(data), size, sigma), size, sigma);
  const differences = exact.map((value, place) => Math.abs(value - (out.data[place] ?? 0)));
  expect(differences.reduce((sum, value) => sum + value, 0) / differences.length).toBeLessThan(1);
});

/** Blurs the columns of a square by a Gaussian, its edges going on, and transposes it. */
function gaussianColumns(square: readonly number[], size: number, sigma: number): number[] {
  const out = new Array<number>(size * size).fill(0);
  const reach = Math.ceil(5 * sigma);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let sum = 0;
      let total = 0;
      for (let step = -reach; step <= reach; step++) {
        const weight = Math.exp(-(step * step) / (2 * sigma * sigma));
        const source = Math.min(Math.max(row + step, 0), size - 1);
        sum += weight * (square[source * size + column] ?? 0);
        total += weight;
      }
      out[column * size + row] = sum / total;
    }
  }
  return out;
}
