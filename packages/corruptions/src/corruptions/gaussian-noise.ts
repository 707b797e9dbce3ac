import { type CorruptionFactory, defineCorruption } from "../corruption-definition.js";
import { mapValues, toBytes, toUnit } from "../pixels/float-image.js";

/** Adds N(0, strength^2) to each value from 0 to 1: electronic noise in low light. */
export const gaussianNoise: CorruptionFactory = defineCorruption<number>({
  imagenet: [0.08, 0.12, 0.18, 0.26, 0.38],
  cifar: [0.04, 0.06, 0.08, 0.09, 0.1],
  make: (deviation) => (image, random) =>
    toBytes(mapValues(toUnit(image), (value) => value + deviation * random.normal())),
});
