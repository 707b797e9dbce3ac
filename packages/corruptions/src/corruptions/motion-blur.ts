import { type CorruptionFactory, defineCorruption } from "../corruption-definition.js";
import { type Motion, motionBlur as smear } from "../pixels/motion-blur.js";

/** Smears along a line of random direction within 45 degrees of horizontal: a camera that moved. */
export const motionBlur: CorruptionFactory = defineCorruption<Omit<Motion, "angle">>({
  imagenet: [
    { radius: 10, sigma: 3 },
    { radius: 15, sigma: 5 },
    { radius: 15, sigma: 8 },
    { radius: 15, sigma: 12 },
    { radius: 20, sigma: 15 },
  ],
  cifar: [
    { radius: 6, sigma: 1 },
    { radius: 6, sigma: 1.5 },
    { radius: 6, sigma: 2 },
    { radius: 8, sigma: 2 },
    { radius: 9, sigma: 2.5 },
  ],
  make: (motion) => (image, random) => smear(image, { ...motion, angle: 90 * random.uniform() - 45 }),
});
