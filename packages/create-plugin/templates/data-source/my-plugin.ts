import { type DataSourceV1, InvalidOptionError } from "@blockwise/spec";

/** Options of {@link myPlugin}: plain JSON. */
export interface MyPluginOptions {
  /** How many images, above 0. @default 100 */
  readonly size?: number;
}

const [height, width, channels] = [8, 8, 1];

/**
 * TODO: what it is, in one sentence.
 *
 * Grey stripes of 8 x 8 pixels, `"upright"` or `"level"`, moved a little from image to image. TODO: yours.
 *
 * @throws InvalidOptionError
 * @see TODO: where the images come from, and their licence.
 */
export function myPlugin(options: MyPluginOptions = {}): DataSourceV1 {
  const { size = 100 } = options;
  if (!(Number.isInteger(size) && size > 0)) {
    throw new InvalidOptionError({ option: "size", expected: "a whole number above 0", received: size });
  }
  const imageBytes = height * width * channels;
  // Shared memory: threads read the pixels without copying them.
  const pixels = new Uint8Array(new SharedArrayBuffer(size * imageBytes));
  const offsets = new Float64Array(new SharedArrayBuffer(8 * size));
  const heights = new Uint32Array(new SharedArrayBuffer(4 * size)).fill(height);
  const widths = new Uint32Array(new SharedArrayBuffer(4 * size)).fill(width);
  const labels = new Int32Array(size);
  for (let index = 0; index < size; index++) {
    labels[index] = index % 2;
    offsets[index] = index * imageBytes;
    for (let place = 0; place < imageBytes; place++) {
      const along = index % 2 === 0 ? place % width : Math.floor(place / width);
      pixels[index * imageBytes + place] = (along + index) % 4 < 2 ? 40 : 220;
    }
  }
  return {
    specificationVersion: "v1",
    kind: "data-source",
    id: "my-plugin",
    options: { size },
    description: `${size} grey images of stripes`,
    size,
    channels,
    classNames: ["upright", "level"],
    labels,
    store: { kind: "packed", pixels, offsets, heights, widths, channels },
    image: async (index) => {
      if (!(Number.isInteger(index) && index >= 0 && index < size)) {
        const expected = `a whole number from 0 to ${size - 1}`;
        throw new InvalidOptionError({ option: "index", expected, received: index });
      }
      const begin = index * imageBytes;
      return { height, width, channels, data: pixels.subarray(begin, begin + imageBytes) };
    },
  };
}
