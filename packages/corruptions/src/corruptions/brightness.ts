import { type CorruptionFactory, defineCorruption } from "../corruption-definition.js";
import { toBytes, toUnit } from "../pixels/float-image.js";

/** Adds to a pixel's value (its largest channel) and keeps hue and saturation: daylight. */
export const brightness: CorruptionFactory = defineCorruption<number>({
  imagenet: [0.1, 0.2, 0.3, 0.4, 0.5],
  cifar: [0.05, 0.1, 0.15, 0.2, 0.3],
  make: (added) => (image) => {
    const source = toUnit(image);
    const { channels, data } = source;
    for (let start = 0; start < data.length; start += channels) {
      const pixel = data.subarray(start, start + channels);
      const value = pixel.reduce((most, part) => Math.max(most, part), 0);
      const brighter = Math.min(1, value + added);
      // With hue and saturation kept, all channels grow alike; black has neither and turns grey.
      pixel.set(pixel.map((part) => (value === 0 ? brighter : (part / value) * brighter)));
    }
    return toBytes(source);
  },
});
