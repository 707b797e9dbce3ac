import type { ClassifierScore } from "@blockwise/evaluate";

/** What a classifier came to, epoch by epoch. */
export interface ScoresByEpoch {
  /** After the last epoch: nothing is chosen by the held-out images. */
  readonly last: ClassifierScore;
  /** After the epoch (from 1) with the best top-1 on the held-out images: chosen by the answer, as the authors report it. */
  readonly best: ClassifierScore & { readonly epoch: number };
  readonly top1ByEpoch: readonly number[];
}

/** What `best` means, as the protocol beside a result says it. */
export const meaningOfBest =
  "the epoch with the best top-1 on the held-out images, which chooses by the answer; the authors report it";

/** Sums up the scores of all epochs, of which there is at least one. */
export function summarizeEpochs(scores: readonly ClassifierScore[]): ScoresByEpoch {
  const top1ByEpoch = scores.map(({ top1 }) => top1);
  const best = top1ByEpoch.indexOf(Math.max(...top1ByEpoch));
  const none = { top1: Number.NaN, top5: null };
  return {
    last: scores.at(-1) ?? none,
    best: { ...(scores[best] ?? none), epoch: best + 1 },
    top1ByEpoch,
  };
}
