import type { Address } from "./kernel-module.js";
import type { WasmRuntime } from "./runtime.js";

/** A float32 array to which kernels add one block after another, without the rounding of a long float32 sum. */
export interface BlockSum {
  /** To be called before a kernel adds a block. */
  nextBlock(): void;
  /** Leaves the sum of all blocks in the array. */
  finish(): void;
}

/** Blocks that are added in float32 before they go to float64. */
const FLOAT32_BLOCKS = 16;

/** Clears `count` floats at `target` for blocks to be added. */
export function blockSum(runtime: WasmRuntime, target: Address, count: number): BlockSum {
  const { kernels, workspace } = runtime;
  let sums: Address | null = null;
  let pending = 0;
  const moveToSums = (): void => {
    if (sums === null) {
      sums = workspace.region("sums", count * 8);
      kernels.clear(sums, count * 8);
    }
    kernels.addSums(target, 1, 1, count, sums);
    pending = 0;
  };
  kernels.clear(target, count * 4);
  return {
    nextBlock() {
      if (pending === FLOAT32_BLOCKS) {
        moveToSums();
        kernels.clear(target, count * 4);
      }
      pending++;
    },
    finish() {
      if (sums === null) return;
      moveToSums();
      kernels.divideSums(sums, count, 1, target);
    },
  };
}
