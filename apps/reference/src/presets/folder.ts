import type { RunConfig } from "../config/schema.js";
import { smallImages } from "./small-images.js";

/**
 * Images of your own, named by `--data`, at 64 pixels. The stem of large images makes it about as much work as 32 pixels
 * with a 3x3 stem.
 */
export const folder: RunConfig = {
  ...smallImages,
  data: {
    ...smallImages.data,
    dataset: "images",
    imageSize: 64,
    // Folders of photographs hold a broken file or a thumbnail now and then: left out and named, and enlarged.
    onCorrupt: "skip",
    enlarge: true,
  },
  network: { depth: 18, width: 32, stem: "imagenet", zeroInitResidual: false },
  head: { kind: "convolution-expansion", dim: 256, kernelSize: 1 },
  noise: { kind: "all", standardDeviation: 0.25 },
  // Photographs look the same mirrored; digits and letters do not: set this to false for them.
  augmentation: { ...smallImages.augmentation, flip: true },
  epochs: 20,
};
