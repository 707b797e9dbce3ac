import type * as tf from "@tensorflow/tfjs-core";
import { batchNormKernels } from "./batch-norm-kernels.js";
import { convolutionKernels } from "./convolution-kernels.js";
import { identityKernels } from "./identity-kernel.js";
import { matrixKernels } from "./matrix-kernels.js";
import { maxPoolKernels } from "./max-pool-kernels.js";
import { runtimeOf, type WasmRuntime } from "./runtime.js";
import { segmentSumKernels } from "./segment-sum-kernel.js";
import { replaceKernel } from "./stock-kernels.js";
import { sumKernels } from "./sum-kernels.js";

/** A kernel on a prepared wasm backend: inputs and attributes as TensorFlow.js names them. */
export type WasmKernel = (
  runtime: WasmRuntime,
  inputs: tf.NamedTensorInfoMap,
  attributes: tf.NamedAttrMap,
) => tf.TensorInfo | tf.TensorInfo[];

/** Kernels by TensorFlow.js's names. */
export type WasmKernels = Readonly<Record<string, WasmKernel>>;

/** Puts our kernels in the place of the wasm backend's own, for stock TensorFlow.js code too. */
export function registerWasmKernels(): void {
  const kernels: WasmKernels = {
    ...batchNormKernels,
    ...convolutionKernels,
    ...identityKernels,
    ...matrixKernels,
    ...maxPoolKernels,
    ...segmentSumKernels,
    ...sumKernels,
  };
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    replaceKernel(kernelName, ({ inputs, attrs, backend }) => {
      const runtime = runtimeOf(backend);
      return runtime.cleanUpOnError(() => kernel(runtime, inputs, attrs ?? {}));
    });
  }
}
