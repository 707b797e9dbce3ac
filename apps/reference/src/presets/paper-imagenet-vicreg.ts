import type { RunConfig } from "../config/schema.js";
import { paperImagenet } from "./paper-imagenet.js";

/**
 * `paper-imagenet` with VICReg as every block's loss, which the paper also trains. It publishes neither settings nor code
 * for that, so that what the loss needs comes from Bardes, Ponce, LeCun: "VICReg" (2022, arXiv 2105.04906, section 4.2 and
 * appendix C) and its code; projector, LARS at 0.2 for each 256 images and weight decay 1e-6 are the same as in
 * `paper-imagenet`.
 *
 * Compared with the paper's section 4.2 (rate, weight decay, warm-up, the rate at the end, widths) and the authors' code
 * (main_vicreg.py, augmentations.py of github.com/facebookresearch/vicreg): coefficients, optimiser and crops are its own. The
 * code ends at a thousandth of the rate, and its views are those of `paper-imagenet`: blur at 1 and 0.1, solarising at 0 and
 * 0.2. The probabilities here are of the paper's appendix, from memory: unverified, and nobody has run it.
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
