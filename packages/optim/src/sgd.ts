import { InvalidOptionError, type OptimizerV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { applyRule, zeroSlots } from "./apply-rule.js";
import { checkBoolean, checkFraction, checkNotNegative } from "./check-options.js";
import { momentumStep } from "./momentum-step.js";
import { isOneDimensional } from "./one-dimensional.js";

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** How much of the last step's direction is kept, from 0 up to 1. 0 keeps no state. @default 0.9 */
  readonly momentum?: number;
  /** Looks one step ahead along the momentum, which must be above 0. @default false */
  readonly nesterov?: boolean;
  /** Coefficient of the L2 penalty that is added to the gradient. @default 0 */
  readonly weightDecay?: number;
  /** Leaves one-dimensional parameters (biases, gains, shifts) and scalars without decay. @default true */
  readonly excludeOneDimensional?: boolean;
}

/**
 * Stochastic gradient descent with momentum, as PyTorch's `torch.optim.SGD` without dampening.
 *
 * ```text
 * g <- g + weightDecay * p
 * b <- momentum * b + g               (b = 0 before the first update)
 * p <- p - learningRate * b           (nesterov: g + momentum * b in place of b)
 * ```
 *
 * State: slot `momentum`, of the parameter's shape; none where `momentum` is 0.
 *
 * Differs from PyTorch: one-dimensional parameters have no decay unless `excludeOneDimensional` is false.
 *
 * @throws InvalidOptionError for an option out of its range
 * @example
 * const optimizer = sgd({ momentum: 0.9, weightDecay: 1e-4 });
 * const state = optimizer.doInit(specs);
 * const next = optimizer.doUpdate({ specs, parameters, gradients, state, learningRate: 0.1, updateCount: 0 });
 */
export function sgd({
  momentum = 0.9,
  nesterov = false,
  weightDecay = 0,
  excludeOneDimensional = true,
}: SgdOptions = {}): OptimizerV1 {
  checkFraction("momentum", momentum);
  checkBoolean("nesterov", nesterov);
  checkNotNegative("weightDecay", weightDecay);
  checkBoolean("excludeOneDimensional", excludeOneDimensional);
  if (nesterov && momentum === 0) {
    throw new InvalidOptionError({
      option: "momentum",
      expected: "above 0 where nesterov is true",
      received: momentum,
    });
  }

  return {
    specificationVersion: "v1",
    kind: "optimizer",
    id: "sgd",
    options: { momentum, nesterov, weightDecay, excludeOneDimensional },
    doInit: (specs) => zeroSlots(specs, momentum === 0 ? [] : ["momentum"]),
    doUpdate: (update) =>
      applyRule(update, () => {
        const keep = tf.scalar(momentum);
        const decay = tf.scalar(weightDecay);
        const rate = tf.scalar(update.learningRate);

        return ({ spec, parameter, gradient, slot }) => {
          const decays = weightDecay > 0 && !(excludeOneDimensional && isOneDimensional(spec));
          const updates = update.operations?.parameterUpdates;
          if (updates !== undefined) {
            return momentumStep(updates, {
              parameter,
              gradient,
              momentum: momentum === 0 ? null : slot("momentum"),
              keep: momentum,
              nesterov,
              weightDecay: decays ? weightDecay : 0,
              learningRate: update.learningRate,
              trust: null,
            });
          }
          const decayed = decays ? tf.add(gradient, tf.mul(parameter, decay)) : gradient;
          if (momentum === 0) return { parameter: tf.sub(parameter, tf.mul(decayed, rate)), slots: {} };

          const buffer = tf.add(tf.mul(slot("momentum"), keep), decayed);
          const direction = nesterov ? tf.add(decayed, tf.mul(buffer, keep)) : buffer;
          return {
            parameter: tf.sub(parameter, tf.mul(direction, rate)),
            slots: { momentum: buffer },
          };
        };
      }),
  };
}
