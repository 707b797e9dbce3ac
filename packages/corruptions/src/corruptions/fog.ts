import { type CorruptionFactory, defineCorruption } from "../corruption-definition.js";
import { mapValues, toBytes, toUnit } from "../pixels/float-image.js";
import { plasma } from "../pixels/plasma.js";

/** How thick the fog is, and how smooth. */
interface Fog {
  readonly thickness: number;
  readonly decay: number;
}

/** Adds clouds and dims what is seen through them, so that the brightest value stays: `(x + t f) m / (m + t)`. */
export const fog: CorruptionFactory = defineCorruption<Fog>({
  imagenet: [
    { thickness: 1.5, decay: 2 },
    { thickness: 2, decay: 2 },
    { thickness: 2.5, decay: 1.7 },
    { thickness: 2.5, decay: 1.5 },
    { thickness: 3, decay: 1.4 },
  ],
  cifar: [
    { thickness: 0.2, decay: 3 },
    { thickness: 0.5, decay: 3 },
    { thickness: 0.75, decay: 2.5 },
    { thickness: 1, decay: 2 },
    { thickness: 1.5, decay: 1.75 },
  ],
  make:
    ({ thickness, decay }) =>
    (image, random) => {
      const { width, height, channels } = image;
      const size = 2 ** Math.max(1, Math.ceil(Math.log2(Math.max(width, height))));
      const clouds = plasma(size, decay, random);
      const source = toUnit(image);
      const brightest = source.data.reduce((most, value) => Math.max(most, value), 0);
      const dimming = brightest / (brightest + thickness);
      return toBytes(
        mapValues(source, (value, place) => {
          const pixel = Math.floor(place / channels);
          const cloud = clouds[Math.floor(pixel / width) * size + (pixel % width)] as number;
          return (value + thickness * cloud) * dimming;
        }),
      );
    },
});
