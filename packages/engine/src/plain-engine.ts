import { type EngineV1, specificationVersion } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { activateBackend } from "./activate-backend.js";
import { composedOperations } from "./operations/composed-operations.js";

/** An engine whose own kernels can train: plain TensorFlow.js operations on a registered backend. */
export async function createPlainEngine(id: string, backend: string, description: string): Promise<EngineV1> {
  await activateBackend(backend);
  return {
    specificationVersion,
    kind: "engine",
    id,
    options: { name: id },
    description,
    operations: composedOperations,
    memory() {
      const { numTensors, numBytes } = tf.memory();
      return { tensors: numTensors, tensorBytes: numBytes, heapBytes: null, budgetBytes: null };
    },
  };
}
