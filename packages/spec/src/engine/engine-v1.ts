import type { PluginV1 } from "../plugin.js";
import type { OperationsV1 } from "./operations-v1.js";

/** What an engine holds just now. */
export interface EngineMemory {
  /** Living tensors. */
  readonly tensors: number;
  /** Their size in bytes. */
  readonly tensorBytes: number;
  /** What the engine took from the system in bytes, free lists included; null where it cannot tell. */
  readonly heapBytes: number | null;
  /** What it may hold at most in bytes; null where only the system limits it. */
  readonly budgetBytes: number | null;
}

/** A TensorFlow.js backend made ready to train. It is TensorFlow.js's active backend while it is in use. */
export interface EngineV1 extends PluginV1<"engine"> {
  /** One line for people: backend, version, threads. */
  readonly description: string;
  /** What layers and losses compute with beside TensorFlow.js's own operations. */
  readonly operations: OperationsV1;
  /** What is allocated on it now. */
  memory(): EngineMemory;
}
