import type { BlockCost, ByPart } from "@blockwise/core";

/** What `blockwise plan --json` prints. Bytes, seconds, and floating-point operations. */
export interface PlanRecord {
  readonly engine: string;
  readonly images: {
    readonly description: string;
    readonly count: number | null;
    readonly classCount: number | null;
    readonly size: number;
    readonly channels: number;
  };
  readonly batchSize: number;
  readonly stepsPerEpoch: number | null;
  readonly stepCount: number | null;
  readonly parameterCount: number;
  readonly blocks: readonly PlannedBlock[];
  /** All blocks, one after the other. */
  readonly blockwise: PlannedTraining;
  /** The same network as one block. */
  readonly endToEnd: Omit<PlannedTraining, "secondsPerStep" | "secondsPerRun">;
  readonly memory: {
    /** What tensors may take at most, and whose limit it is. */
    readonly limitBytes: number;
    readonly limit: "engine" | "machine";
    /** Weights and the optimiser's slots. */
    readonly stateBytes: number;
    readonly fits: boolean;
    /** 0 where none fits. */
    readonly largestBatchSize: number;
  };
  readonly notes: readonly string[];
}

/** One block of a plan. */
export interface PlannedBlock {
  readonly id: string;
  readonly units: readonly string[];
  readonly parameters: BlockCost["parameters"];
  readonly flopsPerStep: number;
  /** Counted from shapes. */
  readonly activationBytes: BlockCost["activationBytes"];
  /** Measured on the engine; null for parts with too many weights to be made for that. */
  readonly measuredActivationBytes: { readonly [Part in keyof ByPart]: number | null };
  /** The most that is held while it learns, all blocks' weights included. */
  readonly peakBytes: number;
  /** FLOP a second, measured. */
  readonly speed: { readonly [Part in keyof ByPart]: number | null };
  readonly secondsPerStep: number;
}

/** What training costs as a whole. */
export interface PlannedTraining {
  readonly flopsPerStep: number;
  /** The most that any block holds. */
  readonly activationBytes: number;
  readonly peakBytes: number;
  readonly secondsPerStep: number;
  readonly secondsPerRun: number | null;
}
