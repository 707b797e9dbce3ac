import type { NamedTensorInfoMap, TensorInfo } from "@tensorflow/tfjs-core";

/** The input of that name. @throws Error where TensorFlow.js left it out */
export function requiredInput(inputs: NamedTensorInfoMap, name: string): TensorInfo {
  const tensor = inputs[name];
  if (tensor === undefined) throw new Error(`Kernel input "${name}" is missing.`);
  return tensor;
}

/** @throws Error where a tensor is not float32 */
export function requireFloat32(kernel: string, ...tensors: readonly TensorInfo[]): void {
  for (const { dtype } of tensors) {
    if (dtype !== "float32")
      throw new Error(`The wasm engine's ${kernel} takes float32 tensors, but got ${dtype}.`);
  }
}
