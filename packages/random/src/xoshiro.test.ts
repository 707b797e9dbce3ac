import { expect, test } from "vitest";
import { xoshiro } from "./xoshiro.js";

test("gives the numbers of the authors' xoshiro128plusplus.c from the state 1, 2, 3, 4", () => {
  const next = xoshiro([1, 2, 3, 4]);
  expect(Array.from({ length: 10 }, () => next() >>> 0)).toEqual([
    641, 1573767, 3222811527, 3517856514, 836907274, 4247214768, 3867114732, 1355841295, 495546011, 621204420,
  ]);
});
