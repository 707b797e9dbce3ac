import type { RandomGenerator } from "@blockwise/spec";
import { checkBetween, checkProbability } from "../check-options.js";
import { type ColorChange, changeColors } from "../pixels/change-colors.js";
import { makeScratch } from "../pixels/scratch.js";
import type { ImageOperation } from "./image-operation.js";

/** Options of {@link colorJitter}; a strength of 0 leaves its property alone. */
export interface ColorJitterOptions {
  /** @default 0.8 */
  readonly probability?: number;
  /** The factor is drawn from `[max(0, 1 - brightness), 1 + brightness]`. @default 0.4 */
  readonly brightness?: number;
  /** As `brightness`. @default 0.4 */
  readonly contrast?: number;
  /** As `brightness`; without effect on grey images. @default 0.2 */
  readonly saturation?: number;
  /** The turn is drawn from `[-hue, hue]`, at most half a turn; without effect on grey images. @default 0.1 */
  readonly hue?: number;
}

/**
 * Changes brightness, contrast, saturation and hue by random amounts in random order, by chance, as torchvision's
 * `RandomApply([ColorJitter(...)], p)`.
 *
 * @throws InvalidOptionError for options out of range.
 */
export function colorJitter(options: ColorJitterOptions): ImageOperation {
  const { probability = 0.8, brightness = 0.4, contrast = 0.4, saturation = 0.2, hue = 0.1 } = options;
  checkProbability("probability", probability);
  checkBetween("brightness", brightness, 0, Number.POSITIVE_INFINITY);
  checkBetween("contrast", contrast, 0, Number.POSITIVE_INFINITY);
  checkBetween("saturation", saturation, 0, Number.POSITIVE_INFINITY);
  checkBetween("hue", hue, 0, 0.5);
  const properties = (
    [
      { property: "brightness", range: factors(brightness) },
      { property: "contrast", range: factors(contrast) },
      { property: "saturation", range: factors(saturation) },
      { property: "hue", range: [-hue, hue] },
    ] as const
  ).filter(({ range }) => range[0] < range[1]);
  const scratch = makeScratch();
  return {
    id: "color-jitter",
    options: { probability, brightness, contrast, saturation, hue },
    apply: (image, random) => {
      if (random.uniform() >= probability) return image;
      const changes: ColorChange[] = properties.map(({ property, range }) => ({
        property,
        amount: range[0] + (range[1] - range[0]) * random.uniform(),
      }));
      shuffle(changes, random);
      const out = scratch(image);
      changeColors(image, out, changes);
      return out;
    },
  };
}

function factors(strength: number): readonly [number, number] {
  return [Math.max(0, 1 - strength), 1 + strength];
}

function shuffle<Item>(items: Item[], random: RandomGenerator): void {
  for (let last = items.length - 1; last > 0; last--) {
    const chosen = random.integer(last + 1);
    const item = items[last] as Item;
    items[last] = items[chosen] as Item;
    items[chosen] = item;
  }
}
