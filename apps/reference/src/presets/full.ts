import type { RunConfig } from "../config/schema.js";
import { smallImages } from "./small-images.js";

/** The longer experiment: a ResNet-18 over all images, for hours. */
export const full: RunConfig = {
  ...smallImages,
  network: { ...smallImages.network, depth: 18 },
  epochs: 10,
};
