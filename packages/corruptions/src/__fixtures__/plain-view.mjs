// Plain JavaScript, so that threads can import it.
import { InvalidOptionError, ShapeMismatchError } from "@blockwise/spec";

/** A view of images that are 8 x 8 pixels already, normalised. */
export function plainView(options) {
  const { mean, std } = options;
  return {
    specificationVersion: "v1",
    kind: "augmentation",
    id: "plain-view",
    options,
    views: 1,
    shape: { height: 8, width: 8, channels: mean.length },
    workerRecipe: { module: import.meta.url, exportName: "plainView" },
    doView: ({ image, view, out }) => {
      if (view !== 0) throw new InvalidOptionError({ option: "view", expected: "0", received: view });
      const { height, width, channels, data } = image;
      const values = 64 * mean.length;
      if (height !== 8 || width !== 8 || data.length !== values || out.length !== values) {
        const expected = `[8, 8, ${mean.length}]`;
        throw new ShapeMismatchError({ subject: "Image", expected, received: [height, width, channels] });
      }
      image.data.forEach((byte, place) => {
        const channel = place % mean.length;
        out[place] = (byte / 255 - mean[channel]) / std[channel];
      });
    },
  };
}
