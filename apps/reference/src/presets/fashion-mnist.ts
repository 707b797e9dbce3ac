import type { RunConfig } from "../config/schema.js";
import { cifar10 } from "./cifar10.js";

/** Fashion-MNIST in a few hours on two cores: as `cifar10`, on 60,000 grey images of 28 pixels. */
export const fashionMnist: RunConfig = {
  ...cifar10,
  data: { ...cifar10.data, dataset: "fashion-mnist", imageSize: 28 },
  epochs: 10,
};
