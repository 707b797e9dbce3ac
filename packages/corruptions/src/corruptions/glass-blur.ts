import { type CorruptionFactory, defineCorruption } from "../corruption-definition.js";
import { repeatEdge } from "../pixels/beyond-edge.js";
import { toBytes, toUnit } from "../pixels/float-image.js";
import { makeGaussianBlur } from "../pixels/gaussian-blur.js";

/** Blur before and after in pixels, how far pixels may come from, and how often. */
interface Glass {
  readonly sigma: number;
  readonly reach: number;
  readonly times: number;
}

/**
 * Blurs, takes each pixel from a random place nearby, and blurs again: frosted glass.
 *
 * The paper says that pixels are shuffled; the program that made the published images copies a neighbour over each pixel
 * instead (its exchange of two views of one array loses one of them), and so does this.
 */
export const glassBlur: CorruptionFactory = defineCorruption<Glass>({
  imagenet: [
    { sigma: 0.7, reach: 1, times: 2 },
    { sigma: 0.9, reach: 2, times: 1 },
    { sigma: 1, reach: 2, times: 3 },
    { sigma: 1.1, reach: 3, times: 2 },
    { sigma: 1.5, reach: 4, times: 2 },
  ],
  cifar: [
    { sigma: 0.05, reach: 1, times: 1 },
    { sigma: 0.25, reach: 1, times: 1 },
    { sigma: 0.4, reach: 1, times: 1 },
    { sigma: 0.25, reach: 1, times: 2 },
    { sigma: 0.4, reach: 1, times: 2 },
  ],
  make: ({ sigma, reach, times }) => {
    const blur = makeGaussianBlur({ sigma, truncate: 4, beyond: repeatEdge });
    return (image, random) => {
      const { width, height, channels } = image;
      const { data } = toBytes(blur(toUnit(image)));
      for (let time = 0; time < times; time++) {
        for (let row = height - reach; row > reach; row--) {
          for (let column = width - reach; column > reach; column--) {
            const right = random.integer(2 * reach) - reach;
            const down = random.integer(2 * reach) - reach;
            const source = ((row + down) * width + column + right) * channels;
            data.copyWithin((row * width + column) * channels, source, source + channels);
          }
        }
      }
      return toBytes(blur(toUnit({ ...image, data })));
    };
  },
});
