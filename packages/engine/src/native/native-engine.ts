import type { NativeLibrary } from "@blockwise/engine-native";
import type { EngineV1 } from "@blockwise/spec";
import { version_core } from "@tensorflow/tfjs-core";
import { createHeapEngine, defaultMemoryBudgetBytes } from "../wasm/wasm-engine.js";
import { wasmOperations } from "../wasm/wasm-operations.js";
import { nativeSumOfSquares } from "./native-elementwise.js";
import { nativeExpansionOperations } from "./native-expansion.js";
import { nativeKernels } from "./native-kernels.js";
import { parameterUpdates } from "./native-parameter-updates.js";

/** The wasm engine with native kernels that work in place on its heap. */
export function createKernelEngine(
  library: NativeLibrary,
  threads: number,
  memoryBudgetBytes: number = defaultMemoryBudgetBytes,
): Promise<EngineV1> {
  const instructions = library.start(threads, "");
  return createHeapEngine({
    id: "native",
    memoryBudgetBytes,
    describe: () =>
      `Native kernels (${instructions}) on the heap of TensorFlow.js ${version_core} wasm, ${threads} ${threads === 1 ? "thread" : "threads"}`,
    kernels: nativeKernels(library),
    operations: {
      ...wasmOperations,
      ...nativeExpansionOperations,
      parameterUpdates,
      sumOfSquares: nativeSumOfSquares(library),
    },
  });
}
