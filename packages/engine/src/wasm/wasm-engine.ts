import { type EngineV1, InvalidOptionError, type OperationsV1, specificationVersion } from "@blockwise/spec";
import { getThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { activateBackend } from "../activate-backend.js";
import { registerWasmKernels, type WasmKernels } from "./register-kernels.js";
import { attachRuntime } from "./runtime.js";
import { wasmOperations } from "./wasm-operations.js";

/** A wasm heap ends at 4 GiB; kernels of the backend also take some of it for themselves. */
export const defaultMemoryBudgetBytes: number = 3.5 * 2 ** 30;

/** What makes an engine on the wasm backend's heap. */
export interface HeapEngineOptions {
  readonly id: string;
  /** Asked for once the backend has started. */
  readonly describe: () => string;
  readonly memoryBudgetBytes: number;
  /** What is used instead of our wasm kernels of the same names. */
  readonly kernels: WasmKernels;
  /** @default our wasm ones */
  readonly operations?: OperationsV1;
}

/** An engine on the wasm backend: our kernels in the place of its own, and a guarded heap. */
export async function createHeapEngine({
  id,
  describe,
  memoryBudgetBytes,
  kernels,
  operations = wasmOperations,
}: HeapEngineOptions): Promise<EngineV1> {
  if (!(memoryBudgetBytes > 0 && memoryBudgetBytes <= 4 * 2 ** 30)) {
    throw new InvalidOptionError({
      option: "memoryBudgetBytes",
      expected: "above 0 and at most 4 GiB (4294967296)",
      received: memoryBudgetBytes,
    });
  }
  await activateBackend("wasm");
  registerWasmKernels(kernels);
  const runtime = await attachRuntime(tf.backend(), memoryBudgetBytes);
  return {
    specificationVersion,
    kind: "engine",
    id,
    options: { name: id, memoryBudgetBytes },
    description: describe(),
    operations,
    memory() {
      const { numTensors, numBytes } = tf.memory();
      return {
        tensors: numTensors,
        tensorBytes: numBytes,
        heapBytes: runtime.memory.buffer.byteLength,
        budgetBytes: runtime.budget.budgetBytes(),
      };
    },
  };
}

/** The embedded engine: TensorFlow.js's wasm backend with training kernels of our own and a guarded heap. */
export function createWasmEngine(memoryBudgetBytes: number = defaultMemoryBudgetBytes): Promise<EngineV1> {
  return createHeapEngine({
    id: "wasm",
    memoryBudgetBytes,
    describe: () =>
      `TensorFlow.js ${tf.version_core}, wasm SIMD with training kernels, ${getThreadsCount()} thread`,
    kernels: {},
  });
}
