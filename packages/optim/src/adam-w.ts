import type { OptimizerV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { applyRule, zeroSlots } from "./apply-rule.js";
import { checkBoolean, checkFraction, checkNotNegative, checkPositive } from "./check-options.js";
import { isOneDimensional } from "./one-dimensional.js";

/** Options of {@link adamW}. */
export interface AdamWOptions {
  /** How much of the running mean of gradients is kept, from 0 up to 1. @default 0.9 */
  readonly beta1?: number;
  /** How much of the running mean of squared gradients is kept, from 0 up to 1. @default 0.999 */
  readonly beta2?: number;
  /** Added to the denominator. @default 1e-8 */
  readonly epsilon?: number;
  /** The share of a parameter that is taken away each step, times the learning rate. @default 0.01 */
  readonly weightDecay?: number;
  /** Leaves one-dimensional parameters (biases, gains, shifts) and scalars without decay. @default true */
  readonly excludeOneDimensional?: boolean;
}

/**
 * Adam with decoupled weight decay, as PyTorch's `torch.optim.AdamW`.
 *
 * ```text
 * p <- p - learningRate * weightDecay * p
 * m <- beta1 * m + (1 - beta1) * g               (m = 0 before the first update)
 * v <- beta2 * v + (1 - beta2) * g^2             (v = 0 before the first update)
 * p <- p - learningRate * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
 * ```
 *
 * with `t = updateCount + 1`. State: slots `mean` (m) and `square` (v), of the parameter's shape.
 *
 * Differs from PyTorch: one-dimensional parameters have no decay unless `excludeOneDimensional` is false.
 *
 * @throws InvalidOptionError for an option out of its range
 * @example
 * const optimizer = adamW({ weightDecay: 1e-4 });
 * @see Loshchilov, Hutter: Decoupled weight decay regularization, 2019, arXiv 1711.05101, algorithm 2
 */
export function adamW({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 0.01,
  excludeOneDimensional = true,
}: AdamWOptions = {}): OptimizerV1 {
  checkFraction("beta1", beta1);
  checkFraction("beta2", beta2);
  checkPositive("epsilon", epsilon);
  checkNotNegative("weightDecay", weightDecay);
  checkBoolean("excludeOneDimensional", excludeOneDimensional);

  return {
    specificationVersion: "v1",
    kind: "optimizer",
    id: "adam-w",
    options: { beta1, beta2, epsilon, weightDecay, excludeOneDimensional },
    doInit: (specs) => zeroSlots(specs, ["mean", "square"]),
    doUpdate: (update) =>
      applyRule(update, () => {
        const time = update.updateCount + 1;
        const squareCorrection = Math.sqrt(1 - beta2 ** time);
        const keepMean = tf.scalar(beta1);
        const addMean = tf.scalar(1 - beta1);
        const keepSquare = tf.scalar(beta2);
        const addSquare = tf.scalar(1 - beta2);
        const kept = 1 - update.learningRate * weightDecay;
        const shrink = tf.scalar(kept);
        // Both bias corrections go into the two scalars, which saves two passes over the parameter.
        const rate = (update.learningRate * squareCorrection) / (1 - beta1 ** time);
        const correctedEpsilon = tf.scalar(epsilon * squareCorrection);
        const correctedRate = tf.scalar(rate);

        return ({ spec, parameter, gradient, slot }) => {
          const decays = weightDecay > 0 && !(excludeOneDimensional && isOneDimensional(spec));
          const updates = update.operations?.parameterUpdates;
          if (updates !== undefined) {
            const { parameter: next, ...slots } = updates.withMoments({
              parameter,
              gradient,
              mean: slot("mean"),
              square: slot("square"),
              keepMean: beta1,
              keepSquare: beta2,
              shrink: decays ? kept : 1,
              rate,
              epsilon: epsilon * squareCorrection,
            });
            return { parameter: next, slots };
          }
          const decayed = decays ? tf.mul(parameter, shrink) : parameter;
          const mean = tf.add(tf.mul(slot("mean"), keepMean), tf.mul(gradient, addMean));
          const square = tf.add(tf.mul(slot("square"), keepSquare), tf.mul(tf.square(gradient), addSquare));
          const direction = tf.div(mean, tf.add(tf.sqrt(square), correctedEpsilon));
          return {
            parameter: tf.sub(decayed, tf.mul(direction, correctedRate)),
            slots: { mean, square },
          };
        };
      }),
  };
}
