import type { RunConfig } from "../config/schema.js";
import { paperImagenet } from "./paper-imagenet.js";

/**
 * `paper-imagenet` with VICReg as every block's loss, which the paper also trains. It publishes neither settings nor code
 * for that, so that what the loss needs comes from Bardes, Ponce, LeCun: "VICReg" (2022, arXiv 2105.04906, section 4.2 and
 * appendix C) and its code; projector, LARS at 0.2 for each 256 images and weight decay 1e-6 are the same as in
 * `paper-imagenet`.
 */
export const paperImagenetVicreg: RunConfig = {
  ...paperImagenet,
  // Its coefficients. The variance term is the mean over both views, as in its code.
  loss: { kind: "vicreg", similarity: 25, variance: 25, covariance: 1 },
  // The rate of 1.6 falls to 0.002.
  schedule: { warmupFraction: 10 / paperImagenet.epochs, finalFactor: 0.002 / 1.6 },
  // Both views alike: blur at 0.5, solarising at 0.1.
  augmentation: { ...paperImagenet.augmentation, blur: [0.5, 0.5], solarize: [0.1, 0.1] },
};
