import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { KernelBackend, TensorInfo } from "@tensorflow/tfjs-core";
import { heapOf } from "./emscripten-heap.js";
import type { Address, KernelModule } from "./kernel-module.js";
import { instantiateKernels } from "./kernel-module.js";
import { guardMemory, type MemoryBudget } from "./memory-budget.js";
import { createWorkspace, type Workspace } from "./workspace.js";

/** A wasm backend with what Blockwise adds to it. */
export interface WasmRuntime {
  readonly backend: BackendWasm;
  readonly kernels: KernelModule;
  readonly workspace: Workspace;
  readonly budget: MemoryBudget;
  /** The whole heap. */
  readonly memory: WebAssembly.Memory;
  /** Where a tensor's values lie; 0 where there is no tensor. */
  address(tensor: TensorInfo | null | undefined): Address;
  /** A new tensor with arbitrary content. @param dtype @default "float32" @throws EngineMemoryError */
  allocate(shape: readonly number[], dtype?: "float32" | "int32"): TensorInfo;
  /** Runs a kernel; if it throws, what it allocated is given back. */
  cleanUpOnError<Result>(kernel: () => Result): Result;
}

const runtimes = new WeakMap<object, WasmRuntime>();

/** The runtime of a backend that `attachRuntime` prepared. */
export function runtimeOf(backend: unknown): WasmRuntime {
  const runtime = runtimes.get(backend as object);
  if (runtime === undefined) {
    throw new Error(
      "The wasm backend was not prepared for training: create it with createEngine of @blockwise/engine.",
    );
  }
  return runtime;
}

/** Instantiates the kernels on a backend and guards its heap; again, only the budget is set. */
export async function attachRuntime(backend: KernelBackend, budgetBytes: number): Promise<WasmRuntime> {
  const known = runtimes.get(backend);
  if (known !== undefined) {
    known.budget.setBudgetBytes(budgetBytes);
    return known;
  }
  const wasmBackend = backend as BackendWasm;
  const heap = heapOf(wasmBackend);
  const { memory } = heap.asm;
  const kernels = await instantiateKernels(memory);
  const budget = guardMemory(heap, budgetBytes);
  let allocated: TensorInfo[] = [];
  const runtime: WasmRuntime = {
    backend: wasmBackend,
    kernels,
    workspace: createWorkspace(heap),
    budget,
    memory,
    address: (tensor) =>
      tensor === null || tensor === undefined ? 0 : wasmBackend.dataIdMap.get(tensor.dataId).memoryOffset,
    allocate(shape, dtype = "float32") {
      const tensor = wasmBackend.makeOutput([...shape], dtype);
      allocated.push(tensor);
      return tensor;
    },
    cleanUpOnError(kernel) {
      allocated = [];
      try {
        return kernel();
      } catch (error) {
        for (const tensor of allocated) wasmBackend.disposeData(tensor.dataId);
        throw error;
      } finally {
        allocated = [];
      }
    },
  };
  runtimes.set(backend, runtime);
  return runtime;
}
