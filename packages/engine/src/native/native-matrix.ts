import type { NativeLibrary } from "@blockwise/engine-native";
import { matrixKernelsOf } from "../wasm/matrix-kernels.js";
import type { WasmKernels } from "../wasm/register-kernels.js";

/** Matrix products. */
export function nativeMatrix(library: NativeLibrary): WasmKernels {
  return matrixKernelsOf((runtime, a, b, transposeA, transposeB) => {
    const [batchA = 1, rowsA = 1, columnsA = 1] = a.shape;
    const [batchB = 1, rowsB = 1, columnsB = 1] = b.shape;
    const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
    const n = transposeB ? rowsB : columnsB;
    const batch = Math.max(batchA, batchB);
    const output = runtime.allocate([batch, m, n]);
    for (let index = 0; index < batch; index++) {
      library.multiply(
        runtime.memory.buffer,
        runtime.address(a) + (index % batchA) * m * k * 4,
        runtime.address(b) + (index % batchB) * k * n * 4,
        runtime.address(output) + index * m * n * 4,
        m,
        n,
        k,
        Number(transposeA),
        Number(transposeB),
      );
    }
    return output;
  });
}
