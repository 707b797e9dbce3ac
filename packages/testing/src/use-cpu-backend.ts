import "@tensorflow/tfjs-backend-cpu";
// In Node, the core's bundle has no gradients until the layers register them.
import "@tensorflow/tfjs-layers";
import * as tf from "@tensorflow/tfjs-core";

/** Makes TensorFlow.js's plain JavaScript backend, with all gradients, the active one: slow, but right. */
export async function useCpuBackend(): Promise<void> {
  // At its first tensor, the backend prints an advertisement for its faster siblings, unless in a test of TensorFlow.js's
  // own; the leak check that comes with those takes what a custom gradient saves for a leak.
  const inTest = tf.env().getBool("IS_TEST");
  tf.env().set("IS_TEST", true);
  const started = await tf.setBackend("cpu");
  if (started) tf.scalar(0).dispose();
  tf.env().set("IS_TEST", inTest);
  if (!started) throw new Error("The cpu backend of TensorFlow.js could not be started.");
}
