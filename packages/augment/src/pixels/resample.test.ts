import { expect, test } from "vitest";
import { makeResample } from "./resample.js";

/** A row of any width, whatever the number of columns that are resized at once. */
test.each([1, 2, 3, 4, 5, 6, 7])("keeps an image of width %i that is not resized", (width) => {
  const data = Uint8Array.from({ length: 3 * width }, (_, place) => (place * 37) % 256);
  const image = { height: 3, width, channels: 1, data };
  const out = makeResample("bicubic")(image, { top: 0, left: 0, height: 3, width }, 3, width);
  expect(out).toEqual(image);
});

test.each([1, 3])("keeps an even colour at any size, with %i channels", (channels) => {
  const colour = [10, 200, 255].slice(0, channels);
  const image = {
    height: 9,
    width: 5,
    channels,
    data: Uint8Array.from({ length: 45 * channels }, (_, i) => colour[i % channels] ?? 0),
  };
  const resample = makeResample("bicubic");
  for (const [height, width] of [
    [1, 1],
    [2, 3],
    [17, 31],
    [4, 2],
  ] as const) {
    const { data } = resample(image, { top: 1, left: 1, height: 7, width: 3 }, height, width);
    expect(data).toHaveLength(height * width * channels);
    expect(data.every((value, place) => value === colour[place % channels])).toBe(true);
  }
});
