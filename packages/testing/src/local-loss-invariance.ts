import type { LocalLossViewV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { ensureClose } from "./ensure.js";
import { mapSample } from "./local-loss-inputs.js";
import { type LocalLossSubject, lossInput, randomSample } from "./local-loss-subject.js";

/** A change of the views that leaves a loss, or some of its terms, as it is. */
export interface LocalLossInvariance {
  /** In words that follow "does not change when": `"an embedding is shifted"`. */
  readonly name: string;
  /** A view after the change. `index` is its place; the view is borrowed. */
  change(view: LocalLossViewV1, index: number): LocalLossViewV1;
  /** The terms that stay; the total where none is named. */
  readonly terms?: readonly string[];
  /** How much rounding may move them. @default 1e-4 */
  readonly relative?: number;
}

/** @throws Error saying by how much the loss changes. */
export function checkInvariance(
  subject: LocalLossSubject,
  { change, terms, relative = 1e-4 }: LocalLossInvariance,
  seed: number,
): void {
  tf.tidy(() => {
    const sample = randomSample(subject, seed);
    const before = subject.loss.doCompute(lossInput(subject, sample));
    const after = subject.loss.doCompute(lossInput(subject, mapSample(sample, change)));
    const pairs =
      terms === undefined
        ? [["the total", before.total, after.total] as const]
        : terms.map((term) => [`the term ${term}`, before.terms[term], after.terms[term]] as const);
    for (const [name, expected, received] of pairs) {
      const value = expected?.dataSync()[0] ?? Number.NaN;
      ensureClose(received?.dataSync()[0] ?? Number.NaN, value, name, relative * Math.abs(value));
    }
  });
}
