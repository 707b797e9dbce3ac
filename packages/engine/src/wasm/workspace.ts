import type { EmscriptenHeap } from "./emscripten-heap.js";
import type { Address } from "./kernel-module.js";

/** What kernels need scratch memory for. */
export type WorkspaceRegion =
  | "coefficients"
  | "operand"
  | "padded"
  | "panels"
  | "products"
  | "segments"
  | "sums"
  | "table";

/**
 * Scratch memory for one kernel call at a time, on the backend's heap. A region grows on demand and is kept, so that
 * a training loop allocates none after its first step.
 */
export interface Workspace {
  /** A region's address, with room for `bytes` bytes of arbitrary content. @throws EngineMemoryError */
  region(name: WorkspaceRegion, bytes: number): Address;
}

/** Makes an empty workspace on a backend's heap. */
export function createWorkspace(heap: EmscriptenHeap): Workspace {
  const regions = new Map<WorkspaceRegion, { readonly address: Address; readonly bytes: number }>();
  return {
    region(name, bytes) {
      const known = regions.get(name);
      if (known !== undefined && known.bytes >= bytes) return known.address;
      if (known !== undefined) {
        regions.delete(name);
        heap._free(known.address);
      }
      const address = heap._malloc(bytes) >>> 0;
      regions.set(name, { address, bytes });
      return address;
    },
  };
}
