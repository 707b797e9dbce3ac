import { fold, rootKey } from "@blockwise/random";
import { type FeatureTable, InvalidOptionError, type JsonObject } from "@blockwise/spec";
import { checkSplits } from "./check-splits.js";
import { type LinearProbeOptions, resolveLinearProbeOptions } from "./linear-probe-options.js";
import { countTableHits, fitSoftmaxRegression } from "./softmax-regression.js";
import { noStandardization, standardizationOf } from "./standardization.js";

/** The weights begin as N(0, 0.01^2), the bias as 0. */
const INITIAL_DEVIATION = 0.01;

/** What a linear probe is fitted on. */
export interface LinearProbeFit {
  /** The features and labels to fit; borrowed. */
  readonly train: FeatureTable;
  /** How many classes there are: labels are from 0 up to, not with, this. */
  readonly classCount: number;
  /** Where its randomness comes from: a whole number of 0 or more. */
  readonly seed: number;
}

/** A linear probe that is fitted already: it scores as many tables as there are. */
export interface FittedLinearProbe {
  /** How it was fitted. */
  readonly protocol: JsonObject;
  /**
   * Accuracy on a table (borrowed) of as many dimensions, in percent; `top5` where there are more than five classes.
   *
   * @throws ShapeMismatchError, InvalidOptionError for a table that does not go with the training split
   */
  score(table: FeatureTable): Promise<{ readonly top1: number; readonly top5?: number }>;
  /** Frees the classifier's tensors. */
  dispose(): void;
}

/**
 * Fits a linear probe once, to score it on several tables: images under several corruptions, for example. What `linearProbe`
 * does is this and one score.
 *
 * @returns a probe that keeps one tensor on the engine until it is disposed of
 * @throws InvalidOptionError, ShapeMismatchError as `linearProbe`
 * @example
 * const probe = await fitLinearProbe({ train, classCount: 10, seed: 1 });
 * for (const table of corrupted) console.log((await probe.score(table)).top1);
 * probe.dispose();
 */
export async function fitLinearProbe(
  { train, classCount, seed }: LinearProbeFit,
  options: LinearProbeOptions = {},
): Promise<FittedLinearProbe> {
  const resolved = resolveLinearProbeOptions(options);
  const { batchSize, learningRate } = resolved;
  checkSplits({ train, test: train, classCount });
  const standardization = resolved.standardize ? standardizationOf(train) : noStandardization(train.dim);
  const weights = await fitSoftmaxRegression(
    { train, standardization, classCount, key: fold(rootKey(seed), "linear-probe") },
    { ...resolved, initialDeviation: INITIAL_DEVIATION },
  );
  if ((await weights.data()).some((value) => !Number.isFinite(value))) {
    weights.dispose();
    throw new InvalidOptionError({
      option: "learningRate",
      expected: "low enough for the probe's weights to stay finite",
      received: learningRate,
      hint: "Lower it, or standardize the features.",
    });
  }
  return {
    protocol: {
      evaluator: "linear-probe",
      ...resolved,
      schedule: "cosine to 0, by epoch",
      initialDeviation: INITIAL_DEVIATION,
      score: "last epoch",
      seed,
      classCount,
      dim: train.dim,
      trainCount: train.labels.length,
    },
    score: async (table) => {
      checkSplits({ train, test: table, classCount });
      const { first, firstFive } = await countTableHits(weights, table, standardization, batchSize);
      const percent = (hits: number): number => (100 * hits) / table.labels.length;
      return { top1: percent(first), ...(classCount > 5 ? { top5: percent(firstFive) } : {}) };
    },
    dispose: () => weights.dispose(),
  };
}
