import { EngineMemoryError } from "@blockwise/spec";
import type { EmscriptenHeap } from "./emscripten-heap.js";

/** The watch over a backend's heap. */
export interface MemoryBudget {
  /** What tensors and scratch memory take just now, in bytes. */
  usedBytes(): number;
  /** What they may take at most, in bytes. */
  budgetBytes(): number;
  setBudgetBytes(bytes: number): void;
}

/**
 * Makes a backend's allocator refuse what goes beyond the budget. Without it, a wasm heap that cannot grow further
 * hands out address 0 with no error, and tensors silently overwrite each other.
 */
export function guardMemory(heap: EmscriptenHeap, initialBudgetBytes: number): MemoryBudget {
  // Emscripten's functions put another one in their own place when they are first called: let them do it before ours.
  heap._free(heap._malloc(16));
  const allocate = heap._malloc.bind(heap);
  const release = heap._free.bind(heap);
  const sizes = new Map<number, number>();
  let used = 0;
  let budget = initialBudgetBytes;

  heap._malloc = (bytes: number): number => {
    if (used + bytes > budget) throw memoryError(bytes, used, budget);
    const address = allocate(bytes);
    if (address === 0) throw memoryError(bytes, used, budget);
    sizes.set(address >>> 0, bytes);
    used += bytes;
    return address;
  };
  heap._free = (address: number): void => {
    const key = address >>> 0;
    used -= sizes.get(key) ?? 0;
    sizes.delete(key);
    release(address);
  };

  return {
    usedBytes: () => used,
    budgetBytes: () => budget,
    setBudgetBytes(bytes) {
      budget = bytes;
    },
  };
}

function memoryError(requestedBytes: number, usedBytes: number, budgetBytes: number): EngineMemoryError {
  const requested = megabytes(requestedBytes);
  const reason =
    usedBytes + requestedBytes > budgetBytes
      ? `the budget is ${megabytes(budgetBytes)}`
      : `the heap cannot grow further (budget ${megabytes(budgetBytes)})`;
  return new EngineMemoryError(
    `A tensor of ${requested} does not fit: the wasm engine holds ${megabytes(usedBytes)} and ${reason}. ` +
      "Take a smaller batch, smaller images or a narrower network, or use an engine without this limit (node, node-gpu, webgpu).",
    { requestedBytes, usedBytes, budgetBytes },
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
