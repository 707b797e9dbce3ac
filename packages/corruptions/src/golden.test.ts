import { generator, rootKey } from "@blockwise/random";
import { describe, expect, it } from "vitest";
import { bytesOf, golden, goldenImage } from "./__fixtures__/golden-cases.js";
import { corruption } from "./index.js";

/**
 * The most that a value may differ from the reference's, in grey levels, and the most that values may differ on average.
 * The whole part of a value that is a whole number but for rounding may be one less.
 */
const tolerances: Readonly<Record<string, readonly [most: number, mean: number]>> = {
  brightness: [1, 0.02],
  contrast: [1, 0.01],
  "defocus-blur": [1, 0.05],
  "zoom-blur": [1, 0.01],
  pixelate: [0, 0],
  "jpeg-compression": [0, 0],
};

describe.each(Object.keys(tolerances))("%s", (name) => {
  const cases = golden.cases.filter((one) => one.corruption === name);
  it.each(cases.map((one) => [`${one.scale} ${one.severity} of ${one.image}`, one] as const))(
    "agrees with the reference: %s",
    (_, { image, out, ...options }) => {
      const corrupted = corruption(options).apply(goldenImage(image), generator(rootKey(0)));
      const expected = bytesOf(out);
      expect(corrupted.data).toHaveLength(expected.length);
      const differences = [...expected].map((value, place) =>
        Math.abs(value - (corrupted.data[place] ?? 999)),
      );
      const [most, mean] = tolerances[name] ?? [0, 0];
      expect(Math.max(...differences)).toBeLessThanOrEqual(most);
      expect(differences.reduce((sum, value) => sum + value, 0) / expected.length).toBeLessThanOrEqual(mean);
    },
  );
});
