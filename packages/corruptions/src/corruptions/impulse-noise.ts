import { type CorruptionFactory, defineCorruption } from "../corruption-definition.js";

/** Sets a share of the values to 0 or to 255, half each, channel by channel: salt and pepper. */
export const impulseNoise: CorruptionFactory = defineCorruption<number>({
  imagenet: [0.03, 0.06, 0.09, 0.17, 0.27],
  cifar: [0.01, 0.02, 0.03, 0.05, 0.07],
  make: (share) => (image, random) => ({
    ...image,
    data: image.data.map((value) => {
      const chance = random.uniform();
      if (chance >= share) return value;
      return chance < share / 2 ? 255 : 0;
    }),
  }),
});
