import type { RunConfig } from "../config/schema.js";
import { smallImages } from "./small-images.js";

/** Shows in a minute that everything runs. On the engine that runs everywhere, so that it gives the same figures everywhere. */
export const smoke: RunConfig = {
  ...smallImages,
  engine: "wasm",
  data: { ...smallImages.data, maxTrainImages: 640 },
  network: { ...smallImages.network, width: 4 },
  head: { kind: "convolution-expansion", dim: 32, kernelSize: 1 },
  projector: { widths: [64, 64, 64], initialization: "separate" },
  batchSize: 64,
  evaluation: { ...smallImages.evaluation, maxTrainImages: 1000, maxTestImages: 500, probeEpochs: 10 },
};
