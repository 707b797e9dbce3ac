import type { RunConfig } from "../config/schema.js";
import { smallImages } from "./small-images.js";

/** CIFAR-10 in a night on two cores: a ResNet-18 of a quarter of the width, with the paper's noise between blocks. */
export const cifar10: RunConfig = {
  ...smallImages,
  data: { ...smallImages.data, dataset: "cifar10", imageSize: 32 },
  network: { ...smallImages.network, depth: 18 },
  noise: { kind: "all", standardDeviation: 0.25 },
  augmentation: { ...smallImages.augmentation, flip: true },
  epochs: 20,
};
