import { expect, test } from "vitest";
import { fillNormal, fillUniform } from "./fill.js";
import { rootKey } from "./key.js";

test("keep their answers", () => {
  const out = new Float32Array(4);
  fillNormal(rootKey(1), out);
  expect([...out]).toEqual([1.0824323892593384, 1.590842366218567, 1.3686885833740234, -0.3000785708427429]);
  fillUniform(rootKey(1), out);
  expect([...out]).toEqual([0.8604697585105896, 0.9441774487495422, 0.9144516587257385, 0.3820585608482361]);
});

test("fill with the mean, variance and tails of their distributions", () => {
  const out = new Float32Array(400_000);
  fillNormal(rootKey(2), out);
  expect(Math.abs(mean(out))).toBeLessThan(4 / Math.sqrt(out.length));
  expect(Math.abs(mean(out.map((value) => value * value)) - 1)).toBeLessThan(4 * Math.sqrt(2 / out.length));
  // P(|x| > 3) = 0.0026998, so 1080 of 400,000, give or take 33.
  const far = out.filter((value) => Math.abs(value) > 3).length;
  expect(Math.abs(far - 1080)).toBeLessThan(4 * 33);

  fillUniform(rootKey(2), out);
  expect(Math.abs(mean(out) - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / out.length));
  expect(out.every((value) => value >= 0 && value < 1)).toBe(true);
});

test("a longer array begins with the shorter one", () => {
  const short = new Float32Array(10);
  const long = new Float32Array(1000);
  fillNormal(rootKey(3), short);
  fillNormal(rootKey(3), long);
  expect(long.slice(0, 10)).toEqual(short);
});

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
