import type { MomentumUpdateV1, ParameterUpdatesV1 } from "@blockwise/spec";
import type { RuleOutput } from "./apply-rule.js";

/** A step along a running direction in the engine's own operation. */
export function momentumStep(updates: ParameterUpdatesV1, update: MomentumUpdateV1): RuleOutput {
  const { parameter, momentum } = updates.withMomentum(update);
  return { parameter, slots: momentum === null ? {} : { momentum } };
}
