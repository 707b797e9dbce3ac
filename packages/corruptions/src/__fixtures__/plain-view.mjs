// A view of images that are 8 x 8 pixels already, normalised; plain JavaScript, so that threads can import it.
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
    doView: ({ image, out }) => {
      image.data.forEach((byte, place) => {
        const channel = place % mean.length;
        out[place] = (byte / 255 - mean[channel]) / std[channel];
      });
    },
  };
}
