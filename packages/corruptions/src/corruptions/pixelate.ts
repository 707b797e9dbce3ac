import { type CorruptionFactory, defineCorruption } from "../corruption-definition.js";
import { boxResize } from "../pixels/box-resize.js";

/** Shrinks the image to a share of its size and enlarges it again, in boxes. */
export const pixelate: CorruptionFactory = defineCorruption<number>({
  imagenet: [0.6, 0.5, 0.4, 0.3, 0.25],
  cifar: [0.95, 0.9, 0.85, 0.75, 0.65],
  make: (share) => (image) => {
    const { width, height } = image;
    const shrunk = (count: number): number => Math.max(1, Math.trunc(count * share));
    return boxResize(boxResize(image, shrunk(height), shrunk(width)), height, width);
  },
});
