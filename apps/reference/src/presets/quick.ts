import type { RunConfig } from "../config/schema.js";
import { smallImages } from "./small-images.js";

/** Shows in minutes that blocks learn. On the engine that runs everywhere, so that it gives the same figures everywhere. */
export const quick: RunConfig = {
  ...smallImages,
  engine: "wasm",
  data: { ...smallImages.data, maxTrainImages: 20_000 },
  evaluation: { ...smallImages.evaluation, maxTrainImages: 10_000, maxTestImages: 10_000, probeEpochs: 20 },
};
