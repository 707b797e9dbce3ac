import * as tf from "@tensorflow/tfjs-core";

const stockKernels = new Map<string, tf.KernelFunc>();

/** Ours that are registered now. */
const replaced = new Set<string>();

/** Registers kernels of the wasm backend, in the place of its own; what an earlier call replaced is put back first. */
export function replaceKernels(
  kernels: readonly (readonly [name: string, kernelFunc: tf.KernelFunc])[],
): void {
  for (const kernelName of replaced) {
    const stock = stockKernels.get(kernelName);
    tf.unregisterKernel(kernelName, "wasm");
    if (stock !== undefined) register(kernelName, stock);
  }
  replaced.clear();
  for (const [kernelName, kernelFunc] of kernels) {
    const present = tf.getKernel(kernelName, "wasm");
    if (present !== undefined) {
      stockKernels.set(kernelName, present.kernelFunc);
      tf.unregisterKernel(kernelName, "wasm");
    }
    register(kernelName, kernelFunc);
    replaced.add(kernelName);
  }
}

function register(kernelName: string, kernelFunc: tf.KernelFunc): void {
  tf.registerKernel({ kernelName, backendName: "wasm", kernelFunc });
}

/** The backend's own kernel, whose place `replaceKernels` gave to another. */
export function stockKernel(kernelName: string): tf.KernelFunc {
  const kernel = stockKernels.get(kernelName);
  if (kernel === undefined) throw new Error(`The wasm backend has no ${kernelName} of its own.`);
  return kernel;
}
