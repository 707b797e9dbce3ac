import type { SweepResultsV1, SweepRunV1 } from "../sweep/sweep-results-v1.js";

const depths = ["stage1", "stage2"];

function run(folder: string, seed: number, raw: readonly number[], trained = true): SweepRunV1 {
  return {
    seed,
    folder,
    train: trained ? { steps: 100, seconds: 60 + seed, pairsPerSecond: 200, peakMemoryBytes: 512 * 2 ** 20 } : null,
    blocks: depths.map((block, index) => ({
      block,
      linearProbe: { raw: { top1: raw[index] ?? 0 }, head: { top1: (raw[index] ?? 0) + 1 } },
      knn: { raw: { top1: (raw[index] ?? 0) - 1 } },
    })),
  };
}

const random = [run("runs/random-0", 0, [40, 41], false), run("runs/random-1", 1, [42, 41], false)];

/** Made-up results of two rows with two seeds, whose control of random weights is the same. */
export const exampleSweep: SweepResultsV1 = {
  schema: 1,
  title: "Which local loss",
  question: "Which local loss leaves the best features?",
  dataset: "fashion-mnist",
  engine: "wasm",
  seeds: [0, 1],
  rows: [
    {
      name: "Barlow Twins",
      options: { loss: "Barlow Twins" },
      runs: [run("runs/a-0", 0, [60, 70]), run("runs/a-1", 1, [62, 71])],
      controls: { "end-to-end": [run("runs/e-0", 0, [58, 73]), run("runs/e-1", 1, [58, 74])], random },
    },
    {
      name: "<b>SimCLR</b>",
      options: { loss: "<b>SimCLR</b>" },
      runs: [run("runs/b-0", 0, [50, 60]), run("runs/b-1", 1, [50, 60])],
      controls: { "end-to-end": [run("runs/f-0", 0, [57, 72]), run("runs/f-1", 1, [57, 72])], random },
    },
  ],
  pixels: [{ top1: 81 }, { top1: 82 }],
  protocol: { "linear-probe": { epochs: 20 } },
  settings: { preset: "quick" },
  warnings: ["One run skipped a step."],
  runsAtATime: 2,
  startedAt: "2026-11-25T10:00:00.000Z",
  command: "npm run blockwise -- sweep losses.json",
};
