import type { EngineV1, LocalLossSiteV1, LocalLossV1, OperationsV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { ensureClose } from "./ensure.js";
import { differentiate, variablesOf } from "./local-loss-inputs.js";
import { createSubject, disposeSubject, randomSample } from "./local-loss-subject.js";
import { referenceOperations } from "./reference-operations.js";

/** A loss, and where it is tried out. */
interface LossUnderTest {
  readonly loss: LocalLossV1;
  readonly site: Partial<LocalLossSiteV1>;
  readonly seed: number;
}

/**
 * Throws where a loss gives another value or other gradients on an engine than on the reference operations.
 *
 * @param makeEngine Called once the reference has been computed; it makes the engine the active backend.
 */
export async function compareLocalLoss(
  test: LossUnderTest,
  makeEngine: () => Promise<EngineV1>,
): Promise<void> {
  const expected = valuesOf(test, referenceOperations);
  const { id, operations } = await makeEngine();
  const received = valuesOf(test, operations);
  for (const [name, values] of expected) {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    // What is 0 but for rounding is so on both.
    ensureClose(received.get(name) ?? [], values, `${name} on ${id}`, 1e-4 * largest + 1e-6);
  }
}

function valuesOf({ loss, site, seed }: LossUnderTest, operations: OperationsV1): Map<string, Float32Array> {
  const subject = createSubject(loss, site, operations);
  const values = new Map<string, Float32Array>();
  try {
    tf.tidy(() => {
      const sample = randomSample(subject, seed);
      const { value, gradients } = differentiate(subject, sample);
      values.set("the loss", Float32Array.from(value.dataSync()));
      variablesOf(subject, sample).forEach(({ name }, place) => {
        values.set(`the gradient of the ${name}`, Float32Array.from(gradients[place]?.dataSync() ?? []));
      });
    });
  } finally {
    disposeSubject(subject);
  }
  return values;
}
