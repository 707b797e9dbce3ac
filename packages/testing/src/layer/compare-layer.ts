import type { EngineV1, OperationsV1 } from "@blockwise/spec";
import { ensureClose } from "../ensure.js";
import { referenceOperations } from "../reference-operations.js";
import { differentiateLayer, type LayerUnderTest, withLayer } from "./layer-under-test.js";

/** How far engines may lie apart, in parts of the largest value of a tensor: rounding, summed in another order. */
const tolerance = 1e-3;

/**
 * Throws where a layer gives other outputs, gradients or buffers on an engine than on the reference operations.
 *
 * @param makeEngine Called once the reference has been computed; it makes the engine the active backend.
 */
export async function compareLayer(test: LayerUnderTest, makeEngine: () => Promise<EngineV1>): Promise<void> {
  const expected = valuesOf(test, referenceOperations);
  const { id, operations } = await makeEngine();
  const received = valuesOf(test, operations);
  for (const [name, values] of expected) {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    // A gradient that a norm takes away is rounding on both.
    const allowed = tolerance * largest + 1e-4;
    ensureClose(received.get(name) ?? [], values, `${name} on ${id}`, allowed);
  }
}

function valuesOf(test: LayerUnderTest, operations: OperationsV1): Map<string, Float32Array> {
  const values = new Map<string, Float32Array>();
  withLayer(
    test,
    (subject, x) => {
      const { output, gradients } = differentiateLayer(subject, x, test.seed);
      values.set("the output", Float32Array.from(output.dataSync()));
      ["input", ...subject.parameters.keys()].forEach((name, place) => {
        values.set(`the gradient of ${name}`, Float32Array.from(gradients[place]?.dataSync() ?? []));
      });
      for (const [name, buffer] of subject.buffers) values.set(name, Float32Array.from(buffer.dataSync()));
      const evaluated = subject.apply(x, { training: false });
      values.set("the output in evaluation", Float32Array.from(evaluated.dataSync()));
    },
    operations,
  );
  return values;
}
