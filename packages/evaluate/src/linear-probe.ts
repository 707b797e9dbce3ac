import { fold, rootKey } from "@blockwise/random";
import { type EvaluatorV1, InvalidOptionError } from "@blockwise/spec";
import { checkCount, checkNotNegative, checkPositive } from "./check-options.js";
import { checkSplits } from "./check-splits.js";
import { countTableHits, fitSoftmaxRegression } from "./softmax-regression.js";
import { noStandardization, standardizationOf } from "./standardization.js";

/** Options of {@link linearProbe}. */
export interface LinearProbeOptions {
  /** How often the training split is seen. @default 100 */
  readonly epochs?: number;
  /** Rows a step; the last batch of an epoch may be smaller. @default 256 */
  readonly batchSize?: number;
  /** Learning rate of the first epoch, not scaled by the batch size. @default 0.1 */
  readonly learningRate?: number;
  /** From 0 up to 1. @default 0.9 */
  readonly momentum?: number;
  /** On weights and bias alike. @default 1e-6 */
  readonly weightDecay?: number;
  /** Brings each dimension to mean 0 and deviation 1, both measured on the training split. @default true */
  readonly standardize?: boolean;
}

/** The weights begin as N(0, 0.01^2), the bias as 0. */
const INITIAL_DEVIATION = 0.01;

/**
 * Softmax regression on frozen features: how well classes can be told apart by planes.
 *
 * Stochastic gradient descent with momentum, cosine from `learningRate` to 0 epoch by epoch, rows shuffled every
 * epoch by the seed. The score is that of the last epoch, on the held-out split; nothing is chosen by it.
 * A dimension that is constant on the training split is left out. Runs on TensorFlow.js's active backend, one batch
 * at a time.
 *
 * Differs from the authors' evaluation (`evaluate.py` of blockwise_ssl): features are computed once, without
 * augmentation, and standardised; the last epoch's score is given instead of the best one on the held-out split.
 *
 * @throws InvalidOptionError for an option out of its range; `doEvaluate` throws it for labels out of range, fewer
 *   than two classes, features that are not finite and weights that diverge
 * @example
 * const { top1, protocol } = await linearProbe().doEvaluate({ train, test, classCount: 10, seed: 1 });
 * @see Siddiqui, Krueger, LeCun, Deny: Blockwise self-supervised learning at scale, 2024, arXiv 2302.01647
 */
export function linearProbe({
  epochs = 100,
  batchSize = 256,
  learningRate = 0.1,
  momentum = 0.9,
  weightDecay = 1e-6,
  standardize = true,
}: LinearProbeOptions = {}): EvaluatorV1 {
  checkCount("epochs", epochs);
  checkCount("batchSize", batchSize);
  checkPositive("learningRate", learningRate);
  checkNotNegative("weightDecay", weightDecay);
  if (!(momentum >= 0 && momentum < 1)) {
    throw new InvalidOptionError({
      option: "momentum",
      expected: "a number from 0 up to but not including 1",
      received: momentum,
    });
  }
  const options = { epochs, batchSize, learningRate, momentum, weightDecay, standardize };

  return {
    specificationVersion: "v1",
    kind: "evaluator",
    id: "linear-probe",
    options,
    doEvaluate: async ({ train, test, classCount, seed }) => {
      checkSplits({ train, test, classCount });
      const standardization = standardize ? standardizationOf(train) : noStandardization(train.dim);
      const weights = await fitSoftmaxRegression(
        { train, standardization, classCount, key: fold(rootKey(seed), "linear-probe") },
        { ...options, initialDeviation: INITIAL_DEVIATION },
      );
      try {
        if ((await weights.data()).some((value) => !Number.isFinite(value))) {
          throw new InvalidOptionError({
            option: "learningRate",
            expected: "low enough for the probe's weights to stay finite",
            received: learningRate,
            hint: "Lower it, or standardize the features.",
          });
        }
        const { first, firstFive } = await countTableHits(weights, test, standardization, batchSize);
        return {
          top1: (100 * first) / test.labels.length,
          ...(classCount > 5 ? { top5: (100 * firstFive) / test.labels.length } : {}),
          protocol: {
            evaluator: "linear-probe",
            ...options,
            schedule: "cosine to 0, by epoch",
            initialDeviation: INITIAL_DEVIATION,
            score: "last epoch",
            seed,
            classCount,
            dim: train.dim,
            trainCount: train.labels.length,
            testCount: test.labels.length,
          },
        };
      } finally {
        weights.dispose();
      }
    },
  };
}
