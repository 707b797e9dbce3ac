// An augmentation that threads can import: each view is the mean of the image's bytes and a random number.
export function meanView(options) {
  return {
    specificationVersion: "v1",
    kind: "augmentation",
    id: "mean-view",
    options,
    views: 2,
    shape: { height: 1, width: 2, channels: 1 },
    workerRecipe: { module: import.meta.url, exportName: "meanView" },
    doView: ({ image, random, out }) => {
      out[0] = image.data.reduce((sum, byte) => sum + byte, 0) / image.data.length;
      out[1] = random.uniform();
    },
  };
}
