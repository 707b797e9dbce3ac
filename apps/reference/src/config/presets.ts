import type { RunConfig } from "./schema.js";

/** How much time a headline may take. */
export type PresetName = "full" | "quick" | "smoke";

// AdamW with a small batch learns in minutes on small images; LARS recipes want many more steps.
const small: RunConfig = {
  data: {
    dataset: "auto",
    imageSize: "auto",
    maxTrainImages: null,
    holdOut: 0.1,
    onCorrupt: "error",
    enlarge: false,
  },
  network: {
    depth: { unit: "basic", unitCounts: [1, 1, 1, 1] },
    width: 16,
    stem: "cifar",
    zeroInitResidual: false,
  },
  partition: "stages",
  head: { kind: "convolution-expansion", dim: 128, kernelSize: 1 },
  projector: { widths: [512, 512, 512] },
  loss: { kind: "barlow-twins", lambda: 0.0051, scale: 0.1 },
  noise: null,
  optimizer: { kind: "adamw", learningRate: 2e-3, weightDecay: 1e-4 },
  schedule: { warmupFraction: 0.05, finalFactor: 0.001 },
  augmentation: { minimumScale: 0.2, flip: "auto", blur: false },
  batchSize: 128,
  epochs: 1,
  maxSteps: null,
  seed: 0,
  engine: "auto",
  workers: null,
  checkpoints: { everySteps: 100, keep: 2 },
  evaluation: {
    maxTrainImages: null,
    maxTestImages: null,
    probeEpochs: 30,
    probeLearningRate: 0.1,
    neighbors: 20,
  },
};

/** `smoke` shows that everything runs, `quick` that blocks learn, `full` is the longer experiment. */
export const presets: Readonly<Record<PresetName, RunConfig>> = {
  smoke: {
    ...small,
    data: { ...small.data, maxTrainImages: 640 },
    network: { ...small.network, width: 4 },
    head: { kind: "convolution-expansion", dim: 32, kernelSize: 1 },
    projector: { widths: [64, 64, 64] },
    batchSize: 64,
    evaluation: { ...small.evaluation, maxTrainImages: 1000, maxTestImages: 500, probeEpochs: 10 },
  },
  quick: {
    ...small,
    data: { ...small.data, maxTrainImages: 20_000 },
    evaluation: { ...small.evaluation, maxTrainImages: 10_000, maxTestImages: 10_000, probeEpochs: 20 },
  },
  full: { ...small, network: { ...small.network, depth: 18 }, epochs: 10 },
};
