import { EngineMemoryError, type EngineV1 } from "@blockwise/spec";
import type { BlockDefinition } from "./block-definition.js";

const bytesPerNumber = 4;

/**
 * Refuses a network whose weights alone are more than the engine can hold, before the first of them is made: one slip in
 * a width can ask for more than an array may have.
 *
 * @throws EngineMemoryError that names the largest tensor.
 */
export function requireRoom(definitions: readonly BlockDefinition[], engine: EngineV1): void {
  const { tensorBytes, budgetBytes } = engine.memory();
  if (budgetBytes === null) return;
  const sizes = definitions
    .flatMap(({ parameters, buffers }) => [...parameters, ...buffers])
    .map(({ name, shape }) => ({ name, shape, bytes: bytesPerNumber * shape.reduce((a, b) => a * b, 1) }));
  const requestedBytes = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  if (tensorBytes + requestedBytes <= budgetBytes) return;
  const [largest] = sizes.sort((a, b) => b.bytes - a.bytes);
  throw new EngineMemoryError(
    `The network's weights take ${gibibytes(requestedBytes)}, and the engine ${engine.id} may hold ` +
      `${gibibytes(budgetBytes - tensorBytes)} more. The largest is ${largest?.name} of shape ` +
      `[${largest?.shape.join(", ")}]. Take a narrower network, head or projector.`,
    { requestedBytes, usedBytes: tensorBytes, budgetBytes },
  );
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toPrecision(3)} GiB`;
}
