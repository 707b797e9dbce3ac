import { type CorruptionFactory, defineCorruption } from "../corruption-definition.js";
import { frostPattern } from "../pixels/frost-pattern.js";

/** A pane of ice. */
interface Pane {
  /** How much of the image shines through. */
  readonly image: number;
  readonly frost: number;
  /** Width in pixels of the largest crystals. */
  readonly cell: number;
}

/** The cold white of ice in red, green and blue; grey images take its luminance. */
const ICE = [0.85, 0.93, 1];
const GREY_ICE = 0.914;

/**
 * Lays ice over the image: `image * x + frost * ice`.
 *
 * Differs from the original, which lays parts of five photographs of frost over images: this ice is drawn. Its weights
 * are the published ones; its texture and mean brightness (about 0.55) are not the photographs'.
 */
export const frost: CorruptionFactory = defineCorruption<Pane>({
  imagenet: [
    { image: 1, frost: 0.4, cell: 64 },
    { image: 0.8, frost: 0.6, cell: 64 },
    { image: 0.7, frost: 0.7, cell: 64 },
    { image: 0.65, frost: 0.7, cell: 64 },
    { image: 0.6, frost: 0.75, cell: 64 },
  ],
  // The original shrinks its photographs by 5 for CIFAR.
  cifar: [
    { image: 1, frost: 0.2, cell: 12.8 },
    { image: 1, frost: 0.3, cell: 12.8 },
    { image: 0.9, frost: 0.4, cell: 12.8 },
    { image: 0.85, frost: 0.4, cell: 12.8 },
    { image: 0.75, frost: 0.45, cell: 12.8 },
  ],
  make: (pane) => (image, random) => {
    const { width, height, channels } = image;
    const ice = frostPattern(height, width, pane.cell, random);
    const data = image.data.map((value, place) => {
      const tint = channels === 1 ? GREY_ICE : (ICE[place % channels] as number);
      const cold = 255 * tint * (ice[Math.floor(place / channels)] as number);
      return Math.min(255, Math.floor(pane.image * value + pane.frost * cold));
    });
    return { ...image, data };
  },
});
