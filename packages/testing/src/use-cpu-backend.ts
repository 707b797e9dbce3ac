import "@tensorflow/tfjs-backend-cpu";
// In Node, the core's bundle has no gradients until the layers register them.
import "@tensorflow/tfjs-layers";
import * as tf from "@tensorflow/tfjs-core";

/** Makes TensorFlow.js's plain JavaScript backend, with all gradients, the active one: slow, but right. */
export async function useCpuBackend(): Promise<void> {
  // Without it, the backend prints an advertisement for its faster siblings.
  tf.env().set("IS_TEST", true);
  if (!(await tf.setBackend("cpu")))
    throw new Error("The cpu backend of TensorFlow.js could not be started.");
}
