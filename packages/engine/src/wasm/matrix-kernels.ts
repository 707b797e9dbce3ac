import * as tf from "@tensorflow/tfjs-core";
import { applyBiasAndActivation } from "./bias-and-activation.js";
import { requiredInput, requireFloat32 } from "./kernel-inputs.js";
import { multiplyMatrices } from "./matrix-multiply.js";
import type { WasmKernels } from "./register-kernels.js";
import type { WasmRuntime } from "./runtime.js";

/**
 * Matrix products. They also replace two faulty stock kernels: one keeps packed right operands by data id, so a
 * reshaped operand gives a wrong product; the other adds the bias once per 48 summands when an operand is transposed.
 */
export const matrixKernels: WasmKernels = matrixKernelsOf(multiplyMatrices);

/** The kernels from a product of batches of matrices. */
export function matrixKernelsOf(product: typeof multiplyMatrices): WasmKernels {
  return {
    BatchMatMul: (runtime, inputs, attributes) =>
      multiply(product, runtime, "BatchMatMul", inputs, attributes),
    _FusedMatMul: (runtime, inputs, attributes) =>
      applyBiasAndActivation(
        multiply(product, runtime, "_FusedMatMul", inputs, attributes),
        inputs,
        attributes,
      ),
  };
}

function multiply(
  product: typeof multiplyMatrices,
  runtime: WasmRuntime,
  kernel: string,
  inputs: tf.NamedTensorInfoMap,
  attributes: tf.NamedAttrMap,
): tf.TensorInfo {
  const a = requiredInput(inputs, "a");
  const b = requiredInput(inputs, "b");
  requireFloat32(kernel, a, b);
  const transposeA = attributes.transposeA === true;
  const transposeB = attributes.transposeB === true;
  const batchShape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const result = product(runtime, asBatch(a), asBatch(b), transposeA, transposeB);
  return { ...result, shape: [...batchShape, ...result.shape.slice(-2)] };
}

function asBatch(tensor: tf.TensorInfo): tf.TensorInfo {
  const batch = tensor.shape.slice(0, -2).reduce((size, length) => size * length, 1);
  return { ...tensor, shape: [batch, ...tensor.shape.slice(-2)] };
}
