import type { CorruptionResultV1, SimilarityResultV1 } from "../robustness-v1.js";
import type { BlockResultV1, LossCurveV1, ResultsV1, TrainResultV1 } from "../results-v1.js";

const names = ["stage1", "stage2", "stage3", "stage4"];

function blocks(raw: readonly number[], head: readonly number[], knn: readonly number[]): readonly BlockResultV1[] {
  return names.map((block, index) => ({
    block,
    linearProbe: { raw: { top1: raw[index] ?? 0 }, head: { top1: head[index] ?? 0 } },
    knn: { raw: { top1: knn[index] ?? 0 } },
    collapse: {
      standardDeviation: 0.12 / (index + 1),
      effectiveRank: 12.3 * (index + 1),
      meanAbsoluteCorrelation: 0.21 - 0.03 * index,
      dimension: 16 * 2 ** index,
    },
  }));
}

function lossCurve(blockNames: readonly string[], stepCount = 300): readonly LossCurveV1[] {
  const steps = Array.from({ length: stepCount }, (_, step) => step);
  return blockNames.map((block, index) => ({
    block,
    steps,
    loss: steps.map((step) => (step === 50 && index === 1 ? null : 60 / (1 + step / 20) + 8 * index + Math.sin(step))),
  }));
}

function train(curves: readonly LossCurveV1[]): TrainResultV1 {
  return {
    steps: 300,
    seconds: 123.4,
    pairsPerSecond: 311.17,
    peakMemoryBytes: 734_003_200,
    dataWaitShare: 0.0123,
    lossCurve: curves,
  };
}

/** Errors that grow with severity, the less the later the block. */
function corruptions(against: string | null): CorruptionResultV1 {
  return {
    severities: [1, 3, 5],
    against,
    blocks: names.map((block, index) => ({
      block,
      clean: 30 - 2 * index,
      byCorruption: { fog: [32, 40, 51.5].map((error) => error - index), "shot-noise": [31, 35, 42] },
      mean: 38.6 - index / 2,
      against:
        against === null
          ? null
          : { meanCorruptionError: 97.3 + index, relativeMeanCorruptionError: index === 0 ? null : 88 },
    })),
  };
}

const similarity: SimilarityResultV1 = {
  blocks: names,
  within: names.map((_, row) => names.map((_, column) => 1 - 0.21 * Math.abs(row - column))),
  against: {
    run: "end to end",
    blocks: names,
    matrix: names.map((_, row) => names.map((_, column) => 0.9 - 0.31 * Math.abs(row - column))),
  },
};

/** Made-up results with everything that results may have. */
export const exampleResults: ResultsV1 = {
  schema: 1,
  dataset: "fashion-mnist",
  protocol: {
    linearProbe: { optimizer: "l-bfgs", standardised: true, l2: 0.0001, split: "held-out test split, last epoch" },
    knn: { k: 20, temperature: 0.07 },
  },
  engine: "wasm",
  seed: 0,
  runs: [
    {
      name: "blockwise",
      train: train(lossCurve(names)),
      blocks: blocks([71.24, 78.9, 81.3, 82.06], [70.1, 77.7, 80.9, 81.8], [69.5, 75.1, 78, 79.3]),
      corruptions: corruptions("end to end"),
      similarity,
    },
    {
      name: "end-to-end",
      train: train(lossCurve(["network"])),
      blocks: blocks([70.2, 77.1, 82.8, 84.5], [69.8, 76.4, 82, 84.2], [68.1, 74, 79.2, 82.4]),
      corruptions: corruptions(null),
    },
    {
      name: "random",
      train: null,
      blocks: blocks([66.7, 68.2, 67.1, 63.9], [65, 66.6, 64.2, 60.1], [64.3, 66, 63.8, 60.9]),
    },
  ],
  controls: { pixels: { top1: 80.6 } },
  datasetDetails: {
    reason: "CIFAR-10 could not be downloaded",
    trainImages: 60_000,
    testImages: 10_000,
    classNames: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"],
  },
  engineDetails: { version: "4.22.0", threads: 2, memoryLimitBytes: 4_294_967_296, simd: true },
  settings: { preset: "quick", batchSize: 128, optimizer: { id: "lars", learningRate: 0.2, momentum: 0.9 } },
  timings: { "read data": 1.2, train: 246.8, evaluate: 71.5 },
  versions: { node: "20.20.2", "@blockwise/core": "0.1.0" },
  warnings: ["The data set is not the one that was asked for: see below."],
  startedAt: "2026-01-02T03:04:05.000Z",
  command: "npm run headline -- --preset quick",
};
