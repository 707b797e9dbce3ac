import {
  InvalidOptionError,
  type LayerContextV1,
  type LocalLossCapabilitiesV1,
  type LocalLossV1,
} from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { withPrefix } from "../wiring/block-definition.js";
import { requirePlugin } from "../wiring/require-plugin.js";

/** One part of a {@link weightedSum}. */
export interface WeightedLoss {
  /** 0 or more. */
  readonly weight: number;
  /** The loss itself; its parameters, where it has some, are trained with those of the other parts. */
  readonly loss: LocalLossV1;
}

interface Part extends WeightedLoss {
  /** What stands before the names of its terms and state; its own among the parts. */
  readonly prefix: string;
}

/**
 * Several local losses as one: `total = sum_k weight_k * L_k`, on the same views.
 *
 * Each part's terms, weighted, and its parameters and buffers stand under its id: `barlow-twins.invariance`,
 * `cross-entropy.classifier.weight`; a second loss of the same id is called `barlow-twins-2`, and so on. The sum needs
 * whatever one part needs (labels, views after the next block, the largest smallest batch), and is symmetric if all are.
 *
 * @throws InvalidOptionError where there is no part, a weight is below 0, or the parts compare different numbers of views;
 * IncompatibleSpecVersionError
 * @example
 * const loss = weightedSum([
 *   { weight: 1, loss: barlowTwins() },
 *   { weight: 0.1, loss: greedyInfoMax() },
 * ]);
 */
export function weightedSum(losses: readonly WeightedLoss[]): LocalLossV1 {
  requireLosses(losses);
  const parts = withPrefixes(losses);
  return {
    specificationVersion: "v1",
    kind: "local-loss",
    id: "weighted-sum",
    options: {
      losses: parts.map(({ weight, loss }) => ({ weight, loss: { id: loss.id, options: loss.options } })),
    },
    capabilities: joined(parts.map(({ loss }) => loss.capabilities)),

    doInit(site) {
      const states = parts.map(({ prefix, loss }) => ({ prefix, ...loss.doInit(site) }));
      return {
        parameters: states.flatMap(({ prefix, parameters }) => withPrefix(prefix, parameters)),
        buffers: states.flatMap(({ prefix, buffers }) => withPrefix(prefix, buffers)),
      };
    },

    doCompute(input) {
      return tf.tidy(() => {
        const totals: tf.Scalar[] = [];
        const terms: Record<string, tf.Scalar> = {};
        for (const { prefix, weight, loss } of parts) {
          const { capabilities } = loss;
          const result = loss.doCompute({
            ...input,
            labels: capabilities.labels ? input.labels : null,
            next: capabilities.nextBlock === true ? input.next : null,
            context: prefixedContext(prefix, input.context),
          });
          totals.push(tf.mul<tf.Scalar>(result.total, weight));
          for (const [name, term] of Object.entries(result.terms)) {
            terms[prefix + name] = tf.mul<tf.Scalar>(term, weight);
          }
        }
        return { total: tf.addN(totals), terms };
      });
    },
  };
}

function withPrefixes(losses: readonly WeightedLoss[]): readonly Part[] {
  const taken = new Set<string>();
  return losses.map(({ weight, loss }) => {
    let name = loss.id;
    for (let count = 2; taken.has(name); count++) name = `${loss.id}-${count}`;
    taken.add(name);
    return { weight, loss, prefix: `${name}.` };
  });
}

function joined(capabilities: readonly LocalLossCapabilitiesV1[]): LocalLossCapabilitiesV1 {
  return {
    views: capabilities[0]?.views ?? 0,
    labels: capabilities.some(({ labels }) => labels),
    minimumBatchSize: Math.max(...capabilities.map(({ minimumBatchSize }) => minimumBatchSize)),
    symmetric: capabilities.every(({ symmetric }) => symmetric),
    nextBlock: capabilities.some(({ nextBlock }) => nextBlock === true),
  };
}

function prefixedContext(prefix: string, context: LayerContextV1): LayerContextV1 {
  return {
    training: context.training,
    operations: context.operations,
    parameter: (name) => context.parameter(prefix + name),
    buffer: (name) => context.buffer(prefix + name),
    updateBuffer: (name, value) => context.updateBuffer(prefix + name, value),
  };
}

function requireLosses(losses: readonly WeightedLoss[]): void {
  if (!Array.isArray(losses) || losses.length === 0) {
    throw new InvalidOptionError({
      option: "losses",
      expected: "a list of at least one weight and loss",
      received: losses,
    });
  }
  for (const [index, { weight, loss }] of losses.entries()) {
    requirePlugin(loss, "local-loss");
    if (!Number.isFinite(weight) || weight < 0) {
      throw new InvalidOptionError({
        option: `losses.${index}.weight`,
        expected: "a finite number of 0 or more",
        received: weight,
      });
    }
  }
  const views = losses.map(({ loss }) => loss.capabilities.views);
  if (new Set(views).size > 1) {
    throw new InvalidOptionError({
      option: "losses",
      expected: "losses that compare the same number of views",
      received: views,
    });
  }
}
