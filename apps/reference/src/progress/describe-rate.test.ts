import { expect, it } from "vitest";
import { describeRate } from "./describe-rate.js";

it.each([
  [104.6, "105 images/s"],
  [10, "10 images/s"],
  [3.04, "3 images/s"],
  [0.2571, "0.26 images/s"],
  [0, "0 images/s"],
])("writes %f as %s", (rate, text) => expect(describeRate(rate)).toBe(text));
