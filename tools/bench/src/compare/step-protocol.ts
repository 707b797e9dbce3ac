import type { Workload } from "../models.js";

/** What a process that times steps is: ours, or PyTorch in one of its orders. */
export type StepOrder = "authors" | "local" | "end-to-end";

/** The orders of PyTorch that do the same work as a mode of ours. */
export function ordersOf(mode: Workload["mode"]): readonly StepOrder[] {
  return mode === "blockwise" ? ["authors", "local"] : ["end-to-end"];
}

/** What a process says when it is ready: it has taken two steps. */
export interface StepsReady {
  /** Library, version, and what it chose. */
  readonly description: string;
  /** Threads that it computes on; null where it does not say. */
  readonly threads: number | null;
  readonly memory: {
    /** Resident before the first step: program, network and images. */
    readonly beforeBytes: number;
    /** Resident at most, two steps later. */
    readonly peakBytes: number;
  };
}

/** Its answer to `steps N`. */
export interface StepTimes {
  readonly stepMs: readonly number[];
}

/** Its answer to `gemm`: the best rate of a product of two matrices of 1024 x 1024. */
export interface GemmRate {
  readonly gflopsPerSecond: number;
}
