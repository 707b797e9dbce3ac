import { type AugmentationV1, InvalidOptionError, ShapeMismatchError } from "@blockwise/spec";

/** Options of {@link myPlugin}: plain JSON. */
export interface MyPluginOptions {
  /** Height and width of a view in pixels, above 0. @default 32 */
  readonly size?: number;
  /** Channels of the images: 1 or 3. @default 3 */
  readonly channels?: 1 | 3;
}

/**
 * TODO: what it is, in one sentence.
 *
 * Two views, each of `size` x `size` pixels taken from random places, values from -1 to 1. TODO: yours.
 *
 * @throws InvalidOptionError; `doView` throws ShapeMismatchError for images and places of another shape.
 * @see TODO: authors, title, year.
 */
export function myPlugin(options: MyPluginOptions = {}): AugmentationV1 {
  const { size = 32, channels = 3 } = options;
  if (!(Number.isInteger(size) && size > 0)) {
    throw new InvalidOptionError({ option: "size", expected: "a whole number above 0", received: size });
  }
  if (channels !== 1 && channels !== 3) {
    throw new InvalidOptionError({ option: "channels", expected: "1 or 3", received: channels });
  }
  return {
    specificationVersion: "v1",
    kind: "augmentation",
    id: "my-plugin",
    options: { size, channels },
    views: 2,
    shape: { height: size, width: size, channels },
    workerRecipe: { module: builtModule, exportName: "myPlugin" },
    doView: ({ image, view, random, out }) => {
      const { width, height, data } = image;
      if (view !== 0 && view !== 1) {
        throw new InvalidOptionError({ option: "view", expected: "0 or 1", received: view });
      }
      const whole = width > 0 && height > 0 && data.length === width * height * channels;
      if (!whole || image.channels !== channels || out.length !== size * size * channels) {
        throw new ShapeMismatchError({
          subject: "my-plugin: the image or the view",
          expected: `[height, width, ${channels}] and [${size}, ${size}, ${channels}]`,
          received: [height, width, image.channels],
        });
      }
      // All random numbers come from `random`: so a view is the same in any thread.
      const [top, left] = [random.integer(height), random.integer(width)];
      for (let place = 0; place < out.length; place++) {
        const pixel = Math.floor(place / channels);
        const row = (top + Math.floor(pixel / size)) % height;
        const column = (left + (pixel % size)) % width;
        out[place] = (data[(row * width + column) * channels + (place % channels)] ?? 0) / 127.5 - 1;
      }
    },
  };
}

/** Threads import JavaScript: from the sources, they take what was built. */
const builtModule: string = new URL(
  import.meta.url.endsWith(".ts") ? "../dist/index.js" : "./index.js",
  import.meta.url,
).href;
