import type { NativeLibrary } from "@blockwise/engine-native";
import type { WasmKernels } from "../wasm/register-kernels.js";
import { nativeBatchNorm } from "./native-batch-norm.js";
import { nativeConvolution } from "./native-convolution.js";
import { nativeElementwise } from "./native-elementwise.js";
import { nativeExpansion } from "./native-expansion.js";
import { nativeMatrix } from "./native-matrix.js";
import { nativeMaxPool } from "./native-max-pool.js";
import { nativeParameterUpdates } from "./native-parameter-updates.js";

/** What the native library does instead of our wasm kernels; the names and what they mean are the same. */
export function nativeKernels(library: NativeLibrary): WasmKernels {
  return {
    ...nativeBatchNorm(library),
    ...nativeConvolution(library),
    ...nativeElementwise(library),
    ...nativeExpansion(library),
    ...nativeMatrix(library),
    ...nativeMaxPool(library),
    ...nativeParameterUpdates(library),
  };
}
