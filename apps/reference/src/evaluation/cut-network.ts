import type { Network } from "@blockwise/core";
import { globalPool } from "@blockwise/heads";
import { type BackboneV1, type HeadV1, InvalidOptionError } from "@blockwise/spec";

/** The part of a network to train on from, and what its classifier sees. */
export interface CutNetwork {
  readonly backbone: BackboneV1;
  readonly head: HeadV1;
  /** The last stage that is left. */
  readonly after: string;
  /** What a parameter of an end-to-end network of these is called in the whole one; empty for what it does not have. */
  nameIn(name: string): string;
}

/**
 * Cuts a network after a stage.
 *
 * @throws InvalidOptionError for a stage that it does not have, or a head where none was trained
 */
export function cutNetwork(
  network: Network,
  { after, features }: { readonly after: string | null; readonly features: "raw" | "head" },
): CutNetwork {
  const whole = network.options.backbone;
  const stage = after ?? whole.stages.at(-1)?.id;
  const last = whole.stages.findIndex(({ id }) => id === stage);
  if (last < 0 || stage === undefined) {
    throw new InvalidOptionError({
      option: "evaluation.fineTune.after",
      expected: `null or one of ${whole.stages.map(({ id }) => id).join(", ")}`,
      received: after,
    });
  }
  const stages = whole.stages.slice(0, last + 1);
  const units = whole.units.slice(
    0,
    stages.reduce((count, { unitCount }) => count + unitCount, 0),
  );
  const own = network.learners.find(({ definition }) => definition.units.at(-1) === units.at(-1));
  if (features === "head" && own === undefined) {
    throw new InvalidOptionError({
      option: "evaluation.fineTune.features",
      expected: `"raw" after ${stage}, where this network has no head`,
      received: features,
    });
  }
  const trained = features === "head" ? own?.definition.head : undefined;
  return {
    backbone: { ...whole, units, stages },
    head:
      trained === undefined
        ? globalPool()
        : { ...globalPool(), id: "trained-head", doCreate: () => trained.layer },
    after: stage,
    nameIn: (name) => {
      // The classifier is new, even where the run has learnt one.
      if (name.startsWith("loss.")) return "";
      return trained === undefined ? name : name.replace(/^pool_head\.0\./, trained.prefix);
    },
  };
}
