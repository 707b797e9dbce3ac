import { type CorruptionFactory, defineCorruption } from "../corruption-definition.js";
import { mirrorWithoutEdge } from "../pixels/beyond-edge.js";
import { diskKernel } from "../pixels/disk-kernel.js";
import { toBytes, toUnit } from "../pixels/float-image.js";

/** Radius of the disk, and how much its edge is smoothed, in pixels. */
interface Lens {
  readonly radius: number;
  readonly smoothing: number;
}

/** Spreads each pixel over a disk: a lens out of focus. Mirrored beyond the edge. */
export const defocusBlur: CorruptionFactory = defineCorruption<Lens>({
  imagenet: [
    { radius: 3, smoothing: 0.1 },
    { radius: 4, smoothing: 0.5 },
    { radius: 6, smoothing: 0.5 },
    { radius: 8, smoothing: 0.5 },
    { radius: 10, smoothing: 0.5 },
  ],
  cifar: [
    { radius: 0.3, smoothing: 0.4 },
    { radius: 0.4, smoothing: 0.5 },
    { radius: 0.5, smoothing: 0.6 },
    { radius: 1, smoothing: 0.2 },
    { radius: 1.5, smoothing: 0.1 },
  ],
  make: ({ radius, smoothing }) => {
    const { reach, weights } = diskKernel(radius, smoothing);
    const side = 2 * reach + 1;
    const taps = [...weights.entries()]
      .filter(([, weight]) => weight !== 0)
      .map(([place, weight]) => ({
        down: Math.floor(place / side) - reach,
        right: (place % side) - reach,
        weight,
      }));
    return (image) => {
      const { width, height, channels } = image;
      const source = toUnit(image).data;
      const data = new Float64Array(source.length);
      for (const { down, right, weight } of taps) {
        const columns = Int32Array.from({ length: width }, (_, column) =>
          mirrorWithoutEdge(column + right, width),
        );
        for (let row = 0; row < height; row++) {
          const from = mirrorWithoutEdge(row + down, height) * width;
          for (let column = 0; column < width; column++) {
            const at = (from + (columns[column] as number)) * channels;
            const target = (row * width + column) * channels;
            for (let channel = 0; channel < channels; channel++) {
              data[target + channel] =
                (data[target + channel] as number) + weight * (source[at + channel] as number);
            }
          }
        }
      }
      return toBytes({ width, height, channels, data });
    };
  },
});
