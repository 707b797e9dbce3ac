import { type CorruptionFactory, defineCorruption } from "../corruption-definition.js";
import { mapValues, toBytes, toUnit } from "../pixels/float-image.js";

/** Moves each value towards its channel's mean over the image. */
export const contrast: CorruptionFactory = defineCorruption<number>({
  imagenet: [0.4, 0.3, 0.2, 0.1, 0.05],
  cifar: [0.75, 0.5, 0.4, 0.3, 0.15],
  make: (kept) => (image) => {
    const source = toUnit(image);
    const { channels, data } = source;
    const means = new Float64Array(channels);
    for (const [place, value] of data.entries()) {
      means[place % channels] = (means[place % channels] as number) + (value * channels) / data.length;
    }
    return toBytes(
      mapValues(source, (value, place) => {
        const mean = means[place % channels] as number;
        return (value - mean) * kept + mean;
      }),
    );
  },
});
