import { expect, test } from "vitest";
import { threefry } from "./threefry.js";

/** From Random123's kat_vectors, `threefry2x32 20`: counter, key, result. */
test.each([
  [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
  [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
  [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xc4923a9c, 0x483df7a0],
])("gives the published answer for block %i %i under key %i %i", (b0, b1, k0, k1, high, low) => {
  expect(threefry(k0, k1, b0, b1)).toEqual([high, low]);
});
