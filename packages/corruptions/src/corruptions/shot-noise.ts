import type { RandomGenerator } from "@blockwise/spec";
import { type CorruptionFactory, defineCorruption } from "../corruption-definition.js";
import { mapValues, toBytes, toUnit } from "../pixels/float-image.js";
import { makePoisson } from "../pixels/poisson.js";

/** Counts `Poisson(value * photons) / photons`, value from 0 to 1: light comes in single photons. */
export const shotNoise: CorruptionFactory = defineCorruption<number>({
  imagenet: [60, 25, 12, 5, 3],
  cifar: [500, 250, 100, 75, 50],
  make: (photons) => {
    // Bytes have 256 values, so there are 256 distributions.
    const distributions = new Map<number, (random: RandomGenerator) => number>();
    const drawFor = (mean: number): ((random: RandomGenerator) => number) => {
      const draw = distributions.get(mean) ?? makePoisson(mean);
      distributions.set(mean, draw);
      return draw;
    };
    return (image, random) =>
      toBytes(mapValues(toUnit(image), (value) => drawFor(value * photons)(random) / photons));
  },
});
