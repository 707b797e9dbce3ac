import type { EngineV1 } from "@blockwise/spec";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { createPlainEngine } from "./plain-engine.js";
import { createWasmEngine } from "./wasm/wasm-engine.js";

/** Which engine to use; `"auto"` takes the fastest that loads. */
export type EngineName = "auto" | "wasm" | "cpu" | "node" | "node-gpu" | "webgpu";

/** What to make an engine from. */
export interface EngineOptions {
  /** @default "auto" */
  readonly name?: EngineName;
  /** What tensors may take on the wasm engine's heap, in bytes. @default 3758096384 (3.5 GiB) */
  readonly memoryBudgetBytes?: number;
}

/** Prepares an engine and makes it TensorFlow.js's active backend. */
export async function createEngine(options: EngineOptions = {}): Promise<EngineV1> {
  if (options.name === "cpu") {
    return createPlainEngine("cpu", "cpu", `TensorFlow.js ${tf.version_core}, plain JavaScript, 1 thread`);
  }
  return createWasmEngine(options.memoryBudgetBytes);
}
