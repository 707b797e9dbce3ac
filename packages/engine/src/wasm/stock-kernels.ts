import * as tf from "@tensorflow/tfjs-core";

const stockKernels = new Map<string, tf.KernelFunc>();

/** Registers a kernel of the wasm backend, in the place of the one that is there. */
export function replaceKernel(kernelName: string, kernelFunc: tf.KernelFunc): void {
  const present = tf.getKernel(kernelName, "wasm");
  if (present !== undefined) {
    // When registered again, what is present is our own.
    if (!stockKernels.has(kernelName)) stockKernels.set(kernelName, present.kernelFunc);
    tf.unregisterKernel(kernelName, "wasm");
  }
  tf.registerKernel({ kernelName, backendName: "wasm", kernelFunc });
}

/** The backend's own kernel, whose place `replaceKernel` gave to another. */
export function stockKernel(kernelName: string): tf.KernelFunc {
  const kernel = stockKernels.get(kernelName);
  if (kernel === undefined) throw new Error(`The wasm backend has no ${kernelName} of its own.`);
  return kernel;
}
