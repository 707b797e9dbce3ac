import type { RunConfig } from "../config/schema.js";
import { paperImagenet } from "./paper-imagenet.js";

/**
 * `paper-imagenet` with SimCLR as every block's loss, which the paper also trains. It publishes neither settings nor code
 * for that, so that what the loss needs comes from Chen, Kornblith, Norouzi, Hinton: "A Simple Framework for Contrastive
 * Learning of Visual Representations" (2020, arXiv 2002.05709); all else is as in `paper-imagenet`.
 *
 * Compared with the authors' code (README, run.py, model_util.py and data_util.py of github.com/google-research/simclr):
 * temperature, widths of the projector, LARS and its rate, weight decay, warm-up, crops, jitter and blur are its own. It differs
 * in two things: a norm behind the projector's last map, which ours lacks, and 0 at the end of the cosine. Its LARS coefficient
 * and the paper's text are from memory, and nobody has run it.
 */
export const paperImagenetSimclr: RunConfig = {
  ...paperImagenet,
  // Its section 5.1 and table 5: normalised embeddings, temperature 0.1.
  loss: { kind: "simclr", temperature: 0.1 },
  // Its section 4.2: one hidden layer of the features' width, 128 at the end.
  projector: { widths: [2048, 128], initialization: "shared" },
  // Its section 2.2: LARS, 0.3 for each 256 images of a batch, weight decay 1e-6.
  optimizer: {
    kind: "lars",
    learningRate: (0.3 * paperImagenet.batchSize) / 256,
    momentum: 0.9,
    weightDecay: 1e-6,
    trustCoefficient: 0.001,
    clip: false,
  },
  // Its appendix A: crops from 8 %, jitter of strength 1, blur at 0.5 for both views, no solarising. Theirs is a cosine to
  // 0, ours stays that of paper-imagenet, a thousandth.
  augmentation: {
    ...paperImagenet.augmentation,
    blur: [0.5, 0.5],
    solarize: [0, 0],
    jitter: [0.8, 0.8, 0.8, 0.2],
  },
};
