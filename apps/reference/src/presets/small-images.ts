import type { RunConfig } from "../config/schema.js";

/**
 * What the presets for small images have in common. AdamW with a small batch learns in minutes on them; LARS recipes want
 * many more steps.
 */
export const smallImages: RunConfig = {
  data: {
    dataset: "auto",
    imageSize: "auto",
    maxTrainImages: null,
    holdOut: 0.1,
    onCorrupt: "auto",
    maxBrokenShare: 0.01,
    storage: "auto",
    shuffleBuffer: 10_000,
    normalization: "measured",
    enlarge: false,
  },
  network: {
    depth: { unit: "basic", unitCounts: [1, 1, 1, 1] },
    width: 16,
    stem: "cifar",
    zeroInitResidual: false,
  },
  partition: "stages",
  timetable: "simultaneous",
  frozenOutputs: { budgetGiB: 4 },
  head: { kind: "convolution-expansion", dim: 128, kernelSize: 1 },
  projector: { widths: [512, 512, 512], initialization: "separate" },
  loss: { kind: "barlow-twins", lambda: 0.0051, scale: 0.1 },
  noise: null,
  optimizer: { kind: "adamw", learningRate: 2e-3, weightDecay: 1e-4 },
  schedule: { warmupFraction: 0.05, finalFactor: 0.001 },
  augmentation: {
    minimumScale: 0.2,
    flip: "auto",
    blur: false,
    solarize: [0, 0.2],
    jitter: [0.4, 0.4, 0.2, 0.1],
  },
  batchSize: 128,
  epochs: 1,
  maxSteps: null,
  seed: 0,
  engine: "auto",
  workers: null,
  blockWorkers: null,
  checkpoints: { everySteps: 100, keep: 2 },
  meters: { everySteps: 50 },
  watch: { maps: 10, images: 200, pairs: 8 },
  evaluation: {
    maxTrainImages: null,
    maxTestImages: null,
    probeEpochs: 30,
    probeLearningRate: 0.1,
    neighbors: 20,
    linear: "small-data",
    fineTune: { after: null, features: "raw", settings: "small-data", labelFractions: [0.01, 0.1] },
    online: null,
    corruptions: { names: "all", severities: [1, 2, 3, 4, 5], scale: "auto", maxTestImages: 1000 },
    similarity: { estimator: "unbiased", maxImages: 2000 },
  },
};
