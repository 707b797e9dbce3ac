// TensorFlow.js registers its gradients in Node only when a package that needs them is loaded.
import "@tensorflow/tfjs-layers";
import { EngineUnavailableError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** Makes a registered backend TensorFlow.js's active one. @throws EngineUnavailableError */
export async function activateBackend(name: string): Promise<void> {
  const active = await tf.setBackend(name);
  if (!active) {
    throw new EngineUnavailableError(`TensorFlow.js's backend "${name}" could not be started here.`, {
      engine: name,
    });
  }
  await tf.ready();
}
