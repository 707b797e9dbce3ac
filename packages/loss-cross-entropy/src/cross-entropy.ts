import { torchDefault } from "@blockwise/layers";
import {
  InvalidOptionError,
  type LocalLossSiteV1,
  type LocalLossV1,
  type LocalLossViewV1,
  ShapeMismatchError,
} from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions {
  /**
   * What the classifier sees: the head's output, or the projector's. With `"feature"` the projector has no part: no
   * gradient reaches it. @default "feature"
   */
  readonly input?: "feature" | "embedding";
  /** The part of each target that is spread evenly over all classes, 0 or more and below 1. @default 0 */
  readonly labelSmoothing?: number;
  /** How many views the augmentation makes, 1 or more; each counts as a sample. @default 2 */
  readonly views?: number;
}

/**
 * Supervised cross-entropy: a linear classifier of the block's own shall name the class of each sample, in every view.
 *
 * `total = -mean_{v,i} sum_c t_ic log softmax(x_vi W + b)_c` over views `v` and samples `i`, with
 * `t_ic = (1 - s) [c = label_i] + s / classCount` and `s` the label smoothing; the one term is `crossEntropy`. `x` is
 * `[batch, featureDim]` or `[batch, embeddingDim]`. The classifier is the parameters `classifier.weight`
 * `[dim, classCount]` and `classifier.bias` `[classCount]`, filled as PyTorch's `Linear`.
 *
 * Labels are int32 `[batch]`, from 0; `doCompute` throws ShapeMismatchError where there are not as many as samples, and
 * InvalidOptionError where they are missing or name no class.
 *
 * @throws InvalidOptionError
 * @example
 * const loss = crossEntropy({ labelSmoothing: 0.1 });
 * @see Siddiqui et al.: Blockwise Self-Supervised Learning at Scale (2023), arXiv 2302.01647, which has supervised
 * training of blocks as a control; label smoothing as in Szegedy et al.: Rethinking the Inception Architecture (2015),
 * arXiv 1512.00567, section 7, and PyTorch's `cross_entropy`.
 */
export function crossEntropy({
  input = "feature",
  labelSmoothing = 0,
  views: viewCount = 2,
}: CrossEntropyOptions = {}): LocalLossV1 {
  requireOptions(input, labelSmoothing, viewCount);
  return {
    specificationVersion: "v1",
    kind: "local-loss",
    id: "cross-entropy",
    options: { input, labelSmoothing, views: viewCount },
    capabilities: { views: viewCount, labels: true, minimumBatchSize: 1, symmetric: true },

    doInit(site) {
      const [dim, classCount] = [dimOf(site, input), classCountOf(site)];
      const initializer = torchDefault(dim);
      return {
        parameters: [
          { name: "classifier.weight", shape: [dim, classCount], layout: "linear", initializer },
          { name: "classifier.bias", shape: [classCount], layout: "plain", initializer },
        ],
        buffers: [],
      };
    },

    doCompute({ views, labels, site, context }) {
      const inputs = inputsOf(views, viewCount, input, dimOf(site, input));
      const classCount = classCountOf(site);
      requireLabels(labels, inputs[0]?.shape[0] ?? 0, classCount);
      return tf.tidy(() => {
        const weight = context.parameter("classifier.weight") as tf.Tensor2D;
        const logits = tf.add(
          tf.matMul(tf.concat([...inputs]), weight),
          context.parameter("classifier.bias"),
        );
        const chosen = tf.cast(tf.oneHot(tf.tile(labels, [viewCount]), classCount), "float32");
        const targets = tf.add(tf.mul(chosen, 1 - labelSmoothing), labelSmoothing / classCount);
        // Log-softmax takes each row's largest logit out first: no exponential overflows.
        const likelihoods = tf.sum(tf.mul(targets, tf.logSoftmax(logits)), 1);
        const total: tf.Scalar = tf.neg(tf.mean(likelihoods));
        return { total, terms: { crossEntropy: tf.clone(total) } };
      });
    },
  };
}

function dimOf({ featureDim, embeddingDim }: LocalLossSiteV1, input: "feature" | "embedding"): number {
  return input === "feature" ? featureDim : embeddingDim;
}

function classCountOf({ classCount }: LocalLossSiteV1): number {
  if (classCount !== null && classCount > 1) return classCount;
  throw new InvalidOptionError({
    option: "classCount",
    expected: "2 or more for the loss cross-entropy",
    received: classCount,
    hint: "Give it labelled images, or take a self-supervised loss.",
  });
}

function inputsOf(
  views: readonly LocalLossViewV1[],
  viewCount: number,
  input: "feature" | "embedding",
  dim: number,
): readonly tf.Tensor2D[] {
  return Array.from({ length: viewCount }, (_, index) => {
    const x = views[index]?.[input];
    const batch = views[0]?.[input].shape[0] ?? 0;
    if (x?.shape.join() !== [batch, dim].join() || batch < 1) {
      throw new ShapeMismatchError({
        subject: `Cross-entropy: the ${input} of view ${index + 1}`,
        expected:
          index === 0 ? `[batch, ${dim}] with a batch of 1 or more` : `[${batch}, ${dim}] as view 1 has`,
        received: x?.shape ?? [],
      });
    }
    return x;
  });
}

function requireLabels(
  labels: tf.Tensor1D | null,
  batch: number,
  classCount: number,
): asserts labels is tf.Tensor1D {
  if (labels === null) {
    throw new InvalidOptionError({
      option: "labels",
      expected: "one a sample, for the loss cross-entropy",
      received: labels,
      hint: "Give it labelled images, or take a self-supervised loss.",
    });
  }
  if (labels.shape.join() !== String(batch)) {
    throw new ShapeMismatchError({
      subject: "Cross-entropy: the labels",
      expected: `[${batch}], one a sample`,
      received: labels.shape,
    });
  }
  const wrong = labels
    .dataSync()
    .find((label) => !Number.isInteger(label) || label < 0 || label >= classCount);
  if (wrong !== undefined) {
    throw new InvalidOptionError({
      option: "labels",
      expected: `whole numbers from 0 to ${classCount - 1}, as there are ${classCount} classes`,
      received: wrong,
    });
  }
}

function requireOptions(input: string, labelSmoothing: number, views: number): void {
  if (input !== "feature" && input !== "embedding") {
    throw new InvalidOptionError({
      option: "input",
      expected: '"feature" or "embedding"',
      received: input,
    });
  }
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new InvalidOptionError({
      option: "labelSmoothing",
      expected: "a number of 0 or more and below 1",
      received: labelSmoothing,
    });
  }
  if (!Number.isSafeInteger(views) || views < 1) {
    throw new InvalidOptionError({ option: "views", expected: "a whole number above 0", received: views });
  }
}
