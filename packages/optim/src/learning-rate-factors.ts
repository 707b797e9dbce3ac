import {
  InvalidOptionError,
  type OptimizerResultV1,
  type OptimizerV1,
  type ParameterSpecV1,
} from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { checkNotNegative } from "./check-options.js";

/** Options of {@link learningRateFactors}. */
export interface LearningRateFactorsOptions {
  /** What updates the parameters; its slots must belong to a parameter each, as those of this package's optimisers do. */
  readonly optimizer: OptimizerV1;
  /** The factor on the learning rate of parameters whose names begin with `prefix`; the first that fits counts, else 1. */
  readonly factors: readonly { readonly prefix: string; readonly factor: number }[];
}

/**
 * An optimiser with learning rates of their own for some parameters, by their names: PyTorch's parameter groups. Each is
 * updated by `optimizer` with `factor * learningRate`; a factor of 0 leaves a parameter as it is.
 *
 * @throws InvalidOptionError for a factor that is not finite and at least 0, an empty prefix, or no factors
 * @example
 * // Fine-tuning: the backbone at 0.002, a fresh classifier at 0.5.
 * const optimizer = learningRateFactors({ optimizer: sgd(), factors: [{ prefix: "loss.", factor: 250 }] });
 * const schedule = warmupCosine({ baseLearningRate: 0.002, warmupSteps: 0 });
 */
export function learningRateFactors({ optimizer, factors }: LearningRateFactorsOptions): OptimizerV1 {
  if (factors.length === 0) {
    throw new InvalidOptionError({
      option: "factors",
      expected: "a list that is not empty",
      received: factors,
    });
  }
  for (const [index, { prefix, factor }] of factors.entries()) {
    checkNotNegative(`factors[${index}].factor`, factor);
    if (prefix !== "") continue;
    throw new InvalidOptionError({
      option: `factors[${index}].prefix`,
      expected: "a text that is not empty",
      received: prefix,
    });
  }
  const factorOf = ({ name }: ParameterSpecV1): number =>
    factors.find(({ prefix }) => name.startsWith(prefix))?.factor ?? 1;

  return {
    specificationVersion: "v1",
    kind: "optimizer",
    id: "learning-rate-factors",
    options: {
      optimizer: { id: optimizer.id, options: optimizer.options },
      factors: factors.map(({ prefix, factor }) => ({ prefix, factor })),
    },
    doInit: (specs) => optimizer.doInit(specs),
    doUpdate: (update) => {
      const results: OptimizerResultV1[] = [];
      try {
        for (const factor of new Set(update.specs.map(factorOf))) {
          const specs = update.specs.filter((spec) => factorOf(spec) === factor);
          const learningRate = factor * update.learningRate;
          results.push(optimizer.doUpdate({ ...update, specs, learningRate }));
        }
      } catch (error) {
        for (const { parameters, state } of results)
          tf.dispose([...Object.values(parameters), ...Object.values(state)]);
        throw error;
      }
      return {
        parameters: Object.assign({}, ...results.map(({ parameters }) => parameters)),
        state: Object.assign({}, ...results.map(({ state }) => state)),
      };
    },
  };
}
