import type { RunConfig } from "../config/schema.js";

const batchSize = 2048;
const epochs = 300;

/**
 * The best run of Siddiqui, Krueger, LeCun, Deny: "Blockwise Self-Supervised Learning at Scale" (TMLR 2024, arXiv
 * 2302.01647), 70.48 % on ImageNet's linear probe. Numbers are those of its script (`train.sh` of
 * github.com/shoaibahmed/blockwise_ssl, b3bb944) where that differs from the code's defaults; what differs here says why.
 */
export const paperImagenet: RunConfig = {
  data: {
    // A folder, with folders train and val of one folder a class each, or tar shards; name yours by --data.
    dataset: "imagenet",
    imageSize: 224,
    maxTrainImages: null,
    holdOut: 0,
    // Ours: the authors' loader would end the run at an image that it cannot read.
    onCorrupt: "skip",
    maxBrokenShare: 0.01,
    // 1.28 million photographs do not fit into memory. Of class folders, each epoch is a permutation, as the authors' is.
    storage: "stream",
    shuffleBuffer: 10_000,
    normalization: "imagenet",
    // A photograph whose shorter side has fewer than 224 pixels is enlarged by torchvision's crop without a word.
    enlarge: true,
  },
  network: { depth: 50, width: 64, stem: "imagenet", zeroInitResidual: true },
  partition: "stages",
  timetable: "simultaneous",
  frozenOutputs: { budgetGiB: 4 },
  head: { kind: "convolution-expansion", dim: 2048, kernelSize: 1 },
  // Built once and copied for each block: all four start alike.
  projector: { widths: [8192, 8192, 8192], initialization: "shared" },
  // The authors say 0.024, but on 16 processes: they sum the cross-correlation over all, whose gradients are then
  // averaged, which divides them by 16. LARS makes weights indifferent to that; biases and norms, which it leaves alone,
  // learn with 0.024 / 16 = 0.0015 of the rate. One process has nothing to average, so that the factor stands here.
  loss: { kind: "barlow-twins", lambda: 0.0051, scale: 0.0015 },
  noise: { kind: "all", standardDeviation: 0.25 },
  optimizer: {
    kind: "lars",
    // 0.2 for each 256 images of a batch.
    learningRate: (0.2 * batchSize) / 256,
    momentum: 0.9,
    weightDecay: 1e-6,
    trustCoefficient: 0.001,
    clip: false,
  },
  // Ten epochs from 0 to the highest rate, then a cosine to a thousandth of it.
  schedule: { warmupFraction: 10 / epochs, finalFactor: 0.001 },
  augmentation: {
    // Both views: jitter at 0.8, grey at 0.2; the first always blurred, the second at 0.1 and solarised at 0.2.
    minimumScale: 0.08,
    flip: true,
    blur: [1, 0.1],
    solarize: [0, 0.2],
    jitter: [0.4, 0.4, 0.2, 0.1],
  },
  batchSize,
  epochs,
  maxSteps: null,
  seed: 0,
  engine: "auto",
  workers: null,
  blockWorkers: null,
  batchWorkers: null,
  // About an epoch (625 full batches of 1,281,167 images), as the authors save.
  checkpoints: { everySteps: 625, keep: 2 },
  meters: { everySteps: 50 },
  watch: { maps: 50, images: 200, pairs: 8 },
  tensorboard: false,
  evaluation: {
    maxTrainImages: null,
    maxTestImages: null,
    // eval.sh: SGD at 0.1, not scaled with the batch, a cosine over 100 epochs.
    probeEpochs: 100,
    probeLearningRate: 0.1,
    // Ours: the paper scores no neighbours. 20 is usual.
    neighbors: 20,
    // Batches of 256, momentum 0.9, weight decay 1e-6, crop and flip; 256 pixels cut to 224 to score.
    linear: "paper",
    fineTune: { after: null, features: "raw", settings: "barlow-twins", labelFractions: [0.01, 0.1] },
    online: null,
    // Ours: the paper scores no corrupted images and compares no features. Ten images of each class.
    corruptions: { names: "all", severities: [1, 2, 3, 4, 5], scale: "auto", maxTestImages: 10_000 },
    similarity: { estimator: "unbiased", maxImages: 10_000 },
  },
};
