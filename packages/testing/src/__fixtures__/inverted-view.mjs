// Plain JavaScript, for worker threads cannot import TypeScript; and without imports, so that it runs anywhere.

class ShapeMismatchError extends Error {
  code = "BLOCKWISE_SHAPE_MISMATCH";
}

/** One view: the image's first pixels, some inverted. */
export function invertedView({ size = 4 } = {}) {
  return {
    specificationVersion: "v1",
    kind: "augmentation",
    id: "inverted-view",
    options: { size },
    views: 1,
    shape: { height: size, width: size, channels: 1 },
    workerRecipe: { module: import.meta.url, exportName: "invertedView" },
    doView({ image, view, random, out }) {
      const { width, height, channels, data } = image;
      const whole = width > 0 && height > 0 && data.length === width * height * channels;
      if (channels !== 1 || !whole || out.length !== size * size || view !== 0) {
        throw new ShapeMismatchError("no such view");
      }
      for (let place = 0; place < out.length; place++) {
        const value = data[place % data.length] / 255;
        out[place] = random.uniform() < 0.5 ? 1 - value : value;
      }
    },
  };
}

/** The same, which draws one number more than `invertedView`. */
export function invertedLater(options) {
  const augmentation = invertedView(options);
  return {
    ...augmentation,
    doView(request) {
      request.random.normal();
      augmentation.doView(request);
    },
  };
}
