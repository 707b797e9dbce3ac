import {
  InvalidOptionError,
  type LayerContextV1,
  type LocalLossInputV1,
  type LocalLossStateSpecV1,
  type LocalLossV1,
} from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** Options of {@link lookAhead}. */
export interface LookAheadOptions {
  /** The loss that is taken of both blocks; one that does not look ahead itself. */
  readonly loss: LocalLossV1;
  /** How much what the next block makes of this one counts, beside 1 for this one; 0 or more. @default 1 */
  readonly weight?: number;
}

/** What stands before the names of the inner loss's state: one for this block's own, one for what the next makes of it. */
const [ownPrefix, nextPrefix] = ["own.", "next."] as const;

/**
 * A loss on this block and on what the next block, held constant, makes of it: one block's worth of feedback reaches down.
 *
 * `total = L(views) + weight * L(next(views))`, where `next` is the next block as it was after the last step, with its
 * head and projector; its weights are constants, and gradients flow through it into this block's map. At the last block
 * the total is `L(views)`. The terms are those of `L`, and the same, weighted, with `next.` before their names. Parameters
 * and buffers of `L` are kept twice, as `own.<name>` and, sized for the next block, `next.<name>`; both learn here.
 *
 * @throws InvalidOptionError
 * @example
 * const loss = lookAhead({ loss: barlowTwins(), weight: 0.5 });
 * @see Xiong, Ren, Urtasun: LoCo: Local Contrastive Representation Learning (2020), arXiv 2008.01342, whose neighbouring
 * blocks share a unit that both their losses train, so that feedback reaches one block down; Yang et al.: Towards
 * Interpretable Deep Local Learning with Successive Gradient Reconciliation (2024), arXiv 2406.05222, where a block's output
 * is fitted to what the next block would have it be.
 * Differs from both: no unit is shared, each weight is trained by one block, and the next block's loss itself is descended
 * on, not the distance between two gradients.
 */
export function lookAhead({ loss, weight = 1 }: LookAheadOptions): LocalLossV1 {
  requireInnerLoss(loss);
  if (!Number.isFinite(weight) || weight < 0) {
    throw new InvalidOptionError({
      option: "weight",
      expected: "a finite number of 0 or more",
      received: weight,
    });
  }
  return {
    specificationVersion: "v1",
    kind: "local-loss",
    id: "look-ahead",
    options: { loss: { id: loss.id, options: loss.options }, weight },
    capabilities: { ...loss.capabilities, nextBlock: true },

    doInit(site) {
      const own = withPrefix(ownPrefix, loss.doInit({ ...site, next: null }));
      if (site.next === null) return own;
      const next = withPrefix(nextPrefix, loss.doInit(site.next));
      return {
        parameters: [...own.parameters, ...next.parameters],
        buffers: [...own.buffers, ...next.buffers],
      };
    },

    doCompute(input) {
      return tf.tidy(() => {
        const { total, terms } = loss.doCompute(ownInput(input));
        const following = nextInput(input);
        if (following === null) return { total, terms: { ...terms } };
        const next = loss.doCompute(following);
        const nextTerms = Object.entries(next.terms).map(([name, term]) => [
          `${nextPrefix}${name}`,
          tf.mul<tf.Scalar>(term, weight),
        ]);
        return {
          total: tf.add<tf.Scalar>(total, tf.mul(next.total, weight)),
          terms: { ...terms, ...Object.fromEntries(nextTerms) },
        };
      });
    },
  };
}

function ownInput(input: LocalLossInputV1): LocalLossInputV1 {
  const context = prefixedContext(ownPrefix, input.context);
  return { ...input, context, next: null, site: { ...input.site, next: null } };
}

/** What the loss sees of the next block; null at the last one. */
function nextInput(input: LocalLossInputV1): LocalLossInputV1 | null {
  const { next: views, site } = input;
  if (site.next === null) return null;
  if (views === null) {
    throw new InvalidOptionError({
      option: "next",
      expected: `the views after block ${site.next.blockIndex}, since the loss look-ahead declares "nextBlock"`,
      received: views,
    });
  }
  const context = prefixedContext(nextPrefix, input.context);
  return { ...input, context, views, next: null, site: site.next };
}

function withPrefix(prefix: string, { parameters, buffers }: LocalLossStateSpecV1): LocalLossStateSpecV1 {
  return {
    parameters: parameters.map((spec) => ({ ...spec, name: prefix + spec.name })),
    buffers: buffers.map((spec) => ({ ...spec, name: prefix + spec.name })),
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

function requireInnerLoss(loss: LocalLossV1): void {
  if (loss?.kind !== "local-loss") {
    throw new InvalidOptionError({ option: "loss", expected: "a local loss", received: loss });
  }
  if (loss.capabilities.nextBlock === true) {
    throw new InvalidOptionError({
      option: "loss",
      expected: "a loss that does not look ahead itself",
      received: loss.id,
      hint: "A block sees one block ahead; take the loss that this one wraps.",
    });
  }
}
