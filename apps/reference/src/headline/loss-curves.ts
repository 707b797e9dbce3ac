import type { LossCurveV1 } from "@blockwise/report";
import type { LoggedStep } from "@blockwise/watch";

/** The curve of each block that learned, over the steps in which it did, in the order in which they began. */
export function lossCurves(log: readonly LoggedStep[]): readonly LossCurveV1[] {
  const curves = new Map<string, { readonly steps: number[]; readonly loss: (number | null)[] }>();
  for (const { step, loss } of log) {
    for (const [block, value] of Object.entries(loss)) {
      const curve = curves.get(block) ?? { steps: [], loss: [] };
      curves.set(block, curve);
      curve.steps.push(step);
      curve.loss.push(value);
    }
  }
  return [...curves].map(([block, curve]) => ({ block, ...curve }));
}
