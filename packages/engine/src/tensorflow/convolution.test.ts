import { describe, expect, test } from "vitest";
import { isSame } from "./convolution.js";

/** Which pixels the windows of one axis see, by their start; pixels outside are padding. */
function starts(length: number, window: number, stride: number, padding: number): number[] {
  const count = Math.floor((length + 2 * padding - window) / stride) + 1;
  return Array.from({ length: count }, (_, index) => index * stride - padding);
}

/** The same for "same" padding, as TensorFlow's documentation defines it. */
function startsOfSame(length: number, window: number, stride: number): number[] {
  const count = Math.ceil(length / stride);
  const total = Math.max((count - 1) * stride + window - length, 0);
  return Array.from({ length: count }, (_, index) => index * stride - Math.floor(total / 2));
}

describe("isSame", () => {
  test.each([
    [32, 3, 1, 1, true],
    [32, 1, 1, 0, true],
    [9, 3, 2, 1, true],
    [32, 3, 2, 1, false],
    [224, 7, 2, 3, false],
    [32, 1, 2, 0, true],
    [32, 3, 1, 0, false],
  ])("of %i pixels, window %i, stride %i, padding %i is %s", (length, window, stride, padding, expected) => {
    expect(isSame(length, window, stride, padding)).toBe(expected);
  });

  test("holds exactly where the windows are the same", () => {
    for (let length = 1; length <= 12; length++)
      for (let window = 1; window <= 5; window++)
        for (let stride = 1; stride <= 3; stride++)
          for (let padding = 0; padding < window; padding++) {
            if (length + 2 * padding < window) continue;
            const equal =
              starts(length, window, stride, padding).join() === startsOfSame(length, window, stride).join();
            expect(isSame(length, window, stride, padding), [length, window, stride, padding].join()).toBe(
              equal,
            );
          }
  });
});
