import { type EvaluatorV1, type FeatureTable, InvalidOptionError } from "@blockwise/spec";
import { checkCount, checkPositive } from "./check-options.js";
import { checkSplits } from "./check-splits.js";
import { findNeighbors, type Neighbors } from "./neighbor-search.js";

/** Options of {@link kNearestNeighbors}. */
export interface KNearestNeighborsOptions {
  /** How many neighbours vote; at most the number of training rows. @default 20 */
  readonly k?: number;
  /** How fast a vote falls off with the similarity; small = the nearest decides. @default 0.07 */
  readonly temperature?: number;
  /**
   * Rows of either split that are on the engine at a time, which bounds its memory to about
   * `4 * blockRows * (blockRows + 3 * dim)` bytes. @default 2048
   */
  readonly blockRows?: number;
}

/**
 * Weighted vote of the nearest training rows: how well classes keep together, with nothing to train.
 *
 * ```text
 * s_j   = x . x_j / (||x|| ||x_j||)
 * votes = sum over the k rows with the largest s_j of exp(s_j / temperature), by class
 * ```
 *
 * The search is exact. Of equally similar rows the first in the table is nearer; of classes with equal votes the
 * lowest wins. There is nothing random in it: the seed is only recorded. Features are not standardised.
 *
 * @throws InvalidOptionError for an option out of its range; `doEvaluate` throws it for a `k` above the number of
 *   training rows, labels out of range, fewer than two classes and features that are not finite
 * @example
 * const { top1 } = await kNearestNeighbors({ k: 20 }).doEvaluate({ train, test, classCount: 10, seed: 1 });
 * @see Wu, Xiong, Yu, Lin: Unsupervised feature learning via non-parametric instance discrimination, 2018,
 *   arXiv 1805.01978, section 3.4 (they take k = 200)
 */
export function kNearestNeighbors({
  k = 20,
  temperature = 0.07,
  blockRows = 2048,
}: KNearestNeighborsOptions = {}): EvaluatorV1 {
  checkCount("k", k);
  checkPositive("temperature", temperature);
  checkCount("blockRows", blockRows);
  const options = { k, temperature, blockRows };

  return {
    specificationVersion: "v1",
    kind: "evaluator",
    id: "k-nearest-neighbors",
    options,
    doEvaluate: async ({ train, test, classCount, seed }) => {
      checkSplits({ train, test, classCount });
      if (k > train.labels.length) {
        throw new InvalidOptionError({
          option: "k",
          expected: `at most the number of training rows, ${train.labels.length}`,
          received: k,
        });
      }
      const neighbors = await findNeighbors(train, test, k, blockRows);
      const guesses = vote(neighbors, train, { k, temperature, classCount });
      const correct = guesses.filter((guess, row) => guess === test.labels[row]).length;
      return {
        top1: (100 * correct) / test.labels.length,
        protocol: {
          evaluator: "k-nearest-neighbors",
          ...options,
          distance: "cosine",
          weight: "exp(similarity / temperature)",
          seed,
          classCount,
          dim: train.dim,
          trainCount: train.labels.length,
          testCount: test.labels.length,
        },
      };
    },
  };
}

function vote(
  { similarities, rows }: Neighbors,
  train: FeatureTable,
  { k, temperature, classCount }: { k: number; temperature: number; classCount: number },
): Int32Array {
  const guesses = new Int32Array(rows.length / k);
  const votes = new Float64Array(classCount);
  for (let row = 0; row < guesses.length; row++) {
    votes.fill(0);
    // Relative to the nearest: the same winner, and no overflow at low temperatures.
    const nearest = similarities[row * k] as number;
    for (let place = row * k; place < (row + 1) * k; place++) {
      const label = train.labels[rows[place] as number] as number;
      const weight = Math.exp(((similarities[place] as number) - nearest) / temperature);
      votes[label] = (votes[label] as number) + weight;
    }
    guesses[row] = votes.indexOf(Math.max(...votes));
  }
  return guesses;
}
