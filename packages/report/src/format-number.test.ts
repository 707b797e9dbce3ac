import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatDifference,
  formatPercent,
  formatSeconds,
  formatSignificant,
} from "./format-number.js";

describe("numbers as people read them", () => {
  it.each([
    [formatPercent, 61.25, "61.3"],
    [formatPercent, 7, "7.0"],
    [formatDifference, 20.14, "+20.1"],
    [formatDifference, -3.36, "−3.4"],
    [formatDifference, -0.04, "±0.0"],
    [formatSignificant, 0.012345, "0.0123"],
    [formatSignificant, 1234.5, "1230"],
    [formatSignificant, 0, "0"],
    [formatSeconds, 8.24, "8.2 s"],
    [formatSeconds, 59.99, "1 min 0 s"],
    [formatSeconds, 245, "4 min 5 s"],
    [formatSeconds, 3599.7, "1 h 0 min"],
    [formatSeconds, 7_380, "2 h 3 min"],
    [formatBytes, 512 * 2 ** 20, "512 MiB"],
    [formatBytes, 1.4 * 2 ** 30, "1.4 GiB"],
  ])("%o of %d is %s", (format, value, text) => {
    expect(format(value)).toBe(text);
  });

  it.each([formatPercent, formatDifference, formatSignificant, formatSeconds, formatBytes])(
    "%o shows a dash where there is no number",
    (format) => {
      for (const value of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY])
        expect(format(value)).toBe("–");
    },
  );
});
