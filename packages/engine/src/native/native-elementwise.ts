import type { ElementwiseOperation, NativeLibrary } from "@blockwise/engine-native";
import type { OperationsV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { requiredInput, requireFloat32 } from "../wasm/kernel-inputs.js";
import type { WasmKernel, WasmKernels } from "../wasm/register-kernels.js";
import { runtimeOf } from "../wasm/runtime.js";
import { stockKernel } from "../wasm/stock-kernels.js";

/**
 * Sums, differences, products and quotients of float32 tensors of one shape, or with a number, on all threads; the
 * backend's kernels, which take other broadcasts, use one, and divide by a number as if by any shape.
 */
export function nativeElementwise(library: NativeLibrary): WasmKernels {
  const kernel =
    (name: string, operation: ElementwiseOperation): WasmKernel =>
    (runtime, inputs) => {
      const a = requiredInput(inputs, "a");
      const b = requiredInput(inputs, "b");
      const shape = a.dtype === "float32" && b.dtype === "float32" ? commonShape(a.shape, b.shape) : null;
      if (shape === null) return stockKernel(name)({ inputs, attrs: {}, backend: runtime.backend });
      const y = runtime.allocate(shape);
      const size = tf.util.sizeFromShape([...shape]);
      const isNumber = (tensor: tf.TensorInfo): number =>
        Number(size > 1 && tf.util.sizeFromShape(tensor.shape) === 1);
      const { memory, address } = runtime;
      library.elementwise(
        memory.buffer,
        operation,
        size,
        address(a),
        address(b),
        address(y),
        isNumber(a),
        isNumber(b),
      );
      return y;
    };
  return {
    [tf.Add]: kernel(tf.Add, 0),
    [tf.Sub]: kernel(tf.Sub, 1),
    [tf.Multiply]: kernel(tf.Multiply, 2),
    [tf.RealDiv]: kernel(tf.RealDiv, 3),
  };
}

/** The result's shape where both have it or one is a number; null for other broadcasts, and for tensors without elements. */
function commonShape(a: readonly number[], b: readonly number[]): readonly number[] | null {
  const [sizeOfA, sizeOfB] = [tf.util.sizeFromShape([...a]), tf.util.sizeFromShape([...b])];
  if (sizeOfA === 0 || sizeOfB === 0) return null;
  if (sizeOfB === 1 && a.length >= b.length) return a;
  if (sizeOfA === 1 && b.length >= a.length) return b;
  return tf.util.arraysEqual(a as number[], b as number[]) ? a : null;
}

/** Sums of squares in float64, the parts of each tensor in their order. */
export function nativeSumOfSquares(library: NativeLibrary): NonNullable<OperationsV1["sumOfSquares"]> {
  return (tensors) => {
    requireFloat32("sumOfSquares", ...tensors);
    const { memory, address, workspace } = runtimeOf(tf.backend());
    const place = workspace.region("sums", Float64Array.BYTES_PER_ELEMENT);
    return tensors.reduce((total, tensor) => {
      library.sumOfSquares(memory.buffer, address(tensor), tensor.size, place);
      return total + (new Float64Array(memory.buffer, place, 1)[0] as number);
    }, 0);
  };
}
