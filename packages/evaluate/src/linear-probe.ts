import type { EvaluatorV1 } from "@blockwise/spec";
import { checkSplits } from "./check-splits.js";
import { fitLinearProbe } from "./fit-linear-probe.js";
import { type LinearProbeOptions, resolveLinearProbeOptions } from "./linear-probe-options.js";

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
export function linearProbe(options: LinearProbeOptions = {}): EvaluatorV1 {
  const resolved = resolveLinearProbeOptions(options);
  return {
    specificationVersion: "v1",
    kind: "evaluator",
    id: "linear-probe",
    options: { ...resolved },
    doEvaluate: async ({ train, test, classCount, seed }) => {
      // Before the fit, so that a wrong table is not found out after it.
      checkSplits({ train, test, classCount });
      const probe = await fitLinearProbe({ train, classCount, seed }, resolved);
      try {
        return {
          ...(await probe.score(test)),
          protocol: { ...probe.protocol, testCount: test.labels.length },
        };
      } finally {
        probe.dispose();
      }
    },
  };
}
