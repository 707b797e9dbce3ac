import type { OptimizerV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { applyRule, zeroSlots } from "./apply-rule.js";
import { checkBoolean, checkFraction, checkNotNegative, checkPositive } from "./check-options.js";
import { momentumStep } from "./momentum-step.js";
import { isOneDimensional } from "./one-dimensional.js";

/** Options of {@link lars}. */
export interface LarsOptions {
  /** How much of the last step's direction is kept, from 0 up to 1. @default 0.9 */
  readonly momentum?: number;
  /** Coefficient of the L2 penalty that is added to the gradient. @default 1e-6 */
  readonly weightDecay?: number;
  /** Length of a step relative to the parameter's own, before the learning rate. @default 0.001 */
  readonly trustCoefficient?: number;
  /**
   * The variant for small data sets: no parameter moves faster than plain SGD would at the same rate. It goes with
   * a larger trust coefficient, as 0.02. @default false
   */
  readonly clip?: boolean;
  /** Leaves one-dimensional parameters (biases, gains, shifts) and scalars without decay and ratio. @default true */
  readonly excludeOneDimensional?: boolean;
}

/**
 * Layer-wise adaptive rate scaling: each weight tensor steps by a share of its own norm.
 *
 * ```text
 * g <- g + weightDecay * p
 * r <- trustCoefficient * ||p|| / ||g||      (1 where either norm is 0)
 * r <- min(r / learningRate, 1)              (only with clip)
 * b <- momentum * b + r * g                  (b = 0 before the first update)
 * p <- p - learningRate * b
 * ```
 *
 * The norm of the gradient is taken after weight decay. One-dimensional parameters take `g` as it is, with neither
 * decay nor ratio. State: slot `momentum`, of the parameter's shape. Norms stay on the engine.
 *
 * Differs from the publication (and from solo-learn, from which the clipped variant comes), where the ratio is
 * `||p|| / (||g|| + weightDecay * ||p||)`: this is the form of the Barlow Twins authors.
 *
 * @throws InvalidOptionError for an option out of its range
 * @example
 * const optimizer = lars({ trustCoefficient: 0.02, clip: true, weightDecay: 1e-4 });
 * @see You, Gitman, Ginsburg: Large batch training of convolutional networks, 2017, arXiv 1708.03888
 * @see Zbontar et al.: Barlow Twins, 2021, arXiv 2103.03230; facebookresearch/barlowtwins at 8e8d284, `main.py`
 */
export function lars({
  momentum = 0.9,
  weightDecay = 1e-6,
  trustCoefficient = 0.001,
  clip = false,
  excludeOneDimensional = true,
}: LarsOptions = {}): OptimizerV1 {
  checkFraction("momentum", momentum);
  checkNotNegative("weightDecay", weightDecay);
  checkPositive("trustCoefficient", trustCoefficient);
  checkBoolean("clip", clip);
  checkBoolean("excludeOneDimensional", excludeOneDimensional);

  return {
    specificationVersion: "v1",
    kind: "optimizer",
    id: "lars",
    options: { momentum, weightDecay, trustCoefficient, clip, excludeOneDimensional },
    doInit: (specs) => zeroSlots(specs, ["momentum"]),
    doUpdate: (update) =>
      applyRule(update, () => {
        const keep = tf.scalar(momentum);
        const decay = tf.scalar(weightDecay);
        const rate = tf.scalar(update.learningRate);
        // At a learning rate of 0 the clipped ratio is min(Infinity, 1) = 1.
        const coefficient = clip ? trustCoefficient / update.learningRate : trustCoefficient;
        const trust = tf.scalar(coefficient);
        const zero = tf.scalar(0);
        const one = tf.scalar(1);

        function scale(parameter: tf.Tensor, gradient: tf.Tensor): tf.Tensor {
          const decayed = weightDecay > 0 ? tf.add(gradient, tf.mul(parameter, decay)) : gradient;
          const parameterNorm = squaredNorm(parameter);
          const gradientNorm = squaredNorm(decayed);
          const ratio = tf.mul(tf.sqrt(tf.div(parameterNorm, gradientNorm)), trust);
          const bothMove = tf.greater(tf.minimum(parameterNorm, gradientNorm), zero);
          return tf.mul(decayed, tf.where(bothMove, clip ? tf.minimum(ratio, one) : ratio, one));
        }

        return ({ spec, parameter, gradient, slot }) => {
          const plain = excludeOneDimensional && isOneDimensional(spec);
          const updates = update.operations?.parameterUpdates;
          if (updates !== undefined) {
            return momentumStep(updates, {
              parameter,
              gradient,
              momentum: slot("momentum"),
              keep: momentum,
              nesterov: false,
              weightDecay: plain ? 0 : weightDecay,
              learningRate: update.learningRate,
              trust: plain ? null : { coefficient, limit: clip ? 1 : Number.POSITIVE_INFINITY },
            });
          }
          const step = plain ? gradient : scale(parameter, gradient);
          const buffer = tf.add(tf.mul(slot("momentum"), keep), step);
          return { parameter: tf.sub(parameter, tf.mul(buffer, rate)), slots: { momentum: buffer } };
        };
      }),
  };
}

/** Sums row by row first: a float32 running sum over millions of squares loses the small ones (0.3 % of 2048 x 2048 on wasm). */
function squaredNorm(tensor: tf.Tensor): tf.Tensor {
  const squares = tf.square(tensor);
  return tf.sum(tensor.rank > 1 ? tf.sum(squares, -1) : squares);
}
