import { expect, it } from "vitest";
import { describeTime } from "./describe-time.js";

it.each([
  [0.4, "0 s"],
  [59.6, "1 min 0 s"],
  [125, "2 min 5 s"],
  [3780, "1 h 3 min"],
  [100_000, "27 h 46 min"],
  [1_036_800, "12 days"],
  [1e8, "3.2 years"],
])("tells %d seconds as %s", (seconds, text) => {
  expect(describeTime(seconds)).toBe(text);
});
