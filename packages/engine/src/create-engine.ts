import { EngineUnavailableError, type EngineV1, InvalidOptionError } from "@blockwise/spec";
import { version_core } from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { createKernelEngine } from "./native/native-engine.js";
import { kernelThreads, loadNativeKernels } from "./native/native-library.js";
import { loadNativeTensorFlow, type NativeEngineName, nativeThreads } from "./optional/native-tensorflow.js";
import { loadWebgpu } from "./optional/webgpu.js";
import { createPlainEngine } from "./plain-engine.js";
import { createTensorFlowEngine } from "./tensorflow/tensorflow-engine.js";
import { createWasmEngine } from "./wasm/wasm-engine.js";

/** Which engine to use; `"auto"` takes the fastest that loads: node-gpu, native, node, wasm. */
export type EngineName = "auto" | "native" | "wasm" | "cpu" | "node" | "node-gpu" | "webgpu";

/** What to make an engine from. */
export interface EngineOptions {
  /** @default "auto" */
  readonly name?: EngineName;
  /** What tensors may take on the heap of the wasm and native engines, in bytes; others ignore it. @default 3758096384 (3.5 GiB) */
  readonly memoryBudgetBytes?: number;
  /**
   * How many threads the native engine computes with; others ignore it. Results do not depend on it.
   * @default the variable `BLOCKWISE_THREADS`, else the number of cores
   */
  readonly threads?: number;
}

/** In which order "auto" tries what comes before wasm. */
const preference = ["node-gpu", "native", "node"] as const;

/**
 * Prepares an engine and makes it TensorFlow.js's active backend. It may be called again, with the same or another
 * name: the engine made last is the active one.
 *
 * @throws EngineUnavailableError where an engine that was asked for by name does not load
 * @throws InvalidOptionError
 * @example
 * const engine = await createEngine({ name: "wasm" });
 * console.log(engine.description);
 */
export async function createEngine(options: EngineOptions = {}): Promise<EngineV1> {
  const { name = "auto", memoryBudgetBytes, threads } = options;
  switch (name) {
    case "auto":
      for (const preferred of preference) {
        if (preferred === "native") {
          const kernels = await loadNativeKernels();
          if (kernels.available) {
            return createKernelEngine(kernels.library, kernelThreads(threads), memoryBudgetBytes);
          }
          continue;
        }
        const found = await loadNativeTensorFlow(preferred);
        if (found.available) return createNativeEngine(preferred, found.label);
      }
      return createWasmEngine(memoryBudgetBytes);
    case "native": {
      const kernels = await loadNativeKernels();
      if (!kernels.available) throw unavailable(name, `${kernels.reason}; ${kernels.howToGet}`);
      return createKernelEngine(kernels.library, kernelThreads(threads), memoryBudgetBytes);
    }
    case "wasm":
      return createWasmEngine(memoryBudgetBytes);
    case "cpu":
      return createPlainEngine("cpu", "cpu", `TensorFlow.js ${version_core}, plain JavaScript, 1 thread`);
    case "node":
    case "node-gpu": {
      const found = await loadNativeTensorFlow(name);
      if (!found.available) throw unavailable(name, found.reason);
      return createNativeEngine(name, found.label);
    }
    case "webgpu": {
      const found = await loadWebgpu();
      if (!found.available) throw unavailable(name, found.reason);
      return createPlainEngine(
        "webgpu",
        "webgpu",
        `TensorFlow.js ${found.version} on WebGPU, ${found.adapter}`,
      );
    }
    default:
      throw new InvalidOptionError({
        option: "name",
        expected: '"auto", "native", "wasm", "cpu", "node", "node-gpu" or "webgpu"',
        received: name,
      });
  }
}

function createNativeEngine(name: NativeEngineName, label: string): Promise<EngineV1> {
  const description = `${label}, ${nativeThreads()} threads`;
  return createTensorFlowEngine(name, description);
}

function unavailable(name: EngineName, reason: string): EngineUnavailableError {
  return new EngineUnavailableError(
    `The "${name}" engine cannot be used: ${reason}. Use "wasm", which needs nothing else, or "auto"; ` +
      "`blockwise doctor` shows what each engine lacks.",
    { engine: name },
  );
}
