import type * as tf from "@tensorflow/tfjs-core";
import { batchNormKernels } from "./batch-norm-kernels.js";
import { convolutionKernels } from "./convolution-kernels.js";
import { identityKernels } from "./identity-kernel.js";
import { matrixKernels } from "./matrix-kernels.js";
import { maxPoolKernels } from "./max-pool-kernels.js";
import { runningStatisticsKernels } from "./running-statistics.js";
import { runtimeOf, type WasmRuntime } from "./runtime.js";
import { segmentSumKernels } from "./segment-sum-kernel.js";
import { replaceKernels } from "./stock-kernels.js";
import { sumKernels } from "./sum-kernels.js";

/** A kernel on a prepared wasm backend: inputs and attributes as TensorFlow.js names them. */
export type WasmKernel = (
  runtime: WasmRuntime,
  inputs: tf.NamedTensorInfoMap,
  attributes: tf.NamedAttrMap,
) => tf.TensorInfo | tf.TensorInfo[];

/** Kernels by TensorFlow.js's names. */
export type WasmKernels = Readonly<Record<string, WasmKernel>>;

/**
 * Puts our kernels in the place of the wasm backend's own, for stock TensorFlow.js code too. Those in `instead` come before
 * our wasm ones.
 */
export function registerWasmKernels(instead: WasmKernels = {}): void {
  const kernels: WasmKernels = {
    ...batchNormKernels,
    ...convolutionKernels,
    ...identityKernels,
    ...matrixKernels,
    ...maxPoolKernels,
    ...runningStatisticsKernels,
    ...segmentSumKernels,
    ...sumKernels,
    ...instead,
  };
  replaceKernels(
    Object.entries(kernels).map(([kernelName, kernel]): [string, tf.KernelFunc] => [
      kernelName,
      ({ inputs, attrs, backend }) => {
        const runtime = runtimeOf(backend);
        return runtime.cleanUpOnError(() => kernel(runtime, inputs, attrs ?? {}));
      },
    ]),
  );
}
