import type { BlockStepV1, JsonObject } from "@blockwise/spec";
import type { BatchPartMemory } from "../batch-workers/batch-part.js";
import type { BlockCounters } from "../learner/block-state.js";
import type { MeterOptions } from "../meters/measure-health.js";
import type { NetworkTurn } from "../trainer/step-network.js";
import type { Partition } from "../wiring/partition.js";
import type { BlockWorkerPlace, NetworkRecipe } from "./block-workers-options.js";
import type { Link } from "./link.js";
import type { PackedBlock, PackedTensor } from "./packed-block.js";

/** What a thread is given when it starts. */
export interface BlockWorkerData extends BlockWorkerPlace {
  /** The trainer's option that it is there for, for messages. */
  readonly option: "batchWorkers" | "blockWorkers";
  /** What threads share that have parts of a batch, of which it has the one of its own place; null for whole batches. */
  readonly batch: BatchPartMemory | null;
  /** The places of its blocks. */
  readonly blocks: readonly number[];
  readonly recipe: NetworkRecipe;
  /** Where the network is wired as the trainer has it. */
  readonly network: {
    readonly partition: Partition;
    readonly imageShape: readonly number[];
    readonly batchSize: number;
    readonly classCount: number | null;
    readonly seed: number;
    readonly skipLimit: number;
    readonly meters: MeterOptions | null;
  };
  readonly input: Link;
  /** Null for the last one. */
  readonly output: Link | null;
  /** The block that it is at, plus 1, and the step: see `noteWork`. */
  readonly work: Int32Array;
  /** Whether what blocks make of the first view is wanted. */
  readonly observed: boolean;
}

/** One step of a thread's blocks. */
export interface StepOrder {
  readonly type: "step";
  /** The step of the run, for messages. */
  readonly runStep: number;
  /** The place in the stream of views, which keys noise, and the steps of that stream. */
  readonly step: number;
  readonly stepCount: number;
  /** One a block of the network. */
  readonly turns: readonly NetworkTurn[];
  readonly learningRate: number;
  /** Of the whole batch. */
  readonly labels: Int32Array | null;
  /** The block that takes what comes in. */
  readonly firstBlock: number;
  /** `[batch, height, width, channels]` of each view that comes in. */
  readonly inputShape: readonly number[];
  readonly views: number;
  /** Where in the links the step's messages are; null where nothing is handed on. */
  readonly inputPlace: number;
  readonly outputPlace: number | null;
  /** The frozen block whose outputs the trainer wants; null for none. */
  readonly keepOutputsOf: number | null;
}

/** Trainer to thread. Orders are followed one after the other. */
export type BlockWorkerOrder =
  | { readonly type: "state"; readonly blocks: readonly PackedBlock[] }
  | StepOrder
  | { readonly type: "snapshot" };

/** What a block made of the first view of a batch. */
export interface ShownFeatures {
  readonly block: string;
  readonly map: PackedTensor;
  readonly feature: PackedTensor;
}

/** A step that is done. */
export interface StepDone {
  readonly type: "stepped";
  readonly reports: readonly BlockStepV1[];
  /** One for each of its blocks. */
  readonly counters: readonly { readonly block: number; readonly counters: BlockCounters }[];
  readonly features: readonly ShownFeatures[];
  readonly frozenOutputs: readonly PackedTensor[] | null;
  /** Milliseconds that it computed, without waiting. */
  readonly busyMs: number;
}

/** Thread to trainer. */
export type BlockWorkerReport =
  /** It can begin; `learning` says what its plugins are. */
  | { readonly type: "ready"; readonly learning: JsonObject }
  | { readonly type: "setup-failed"; readonly error: Error }
  /** It has copied its input, whose slot is free. */
  | { readonly type: "taken" }
  | StepDone
  | { readonly type: "snapshot"; readonly blocks: readonly PackedBlock[] }
  | { readonly type: "failed"; readonly error: Error };

/** What a thread noted of its work. */
export interface NotedWork {
  readonly block: number | null;
  readonly step: number;
}

/** Memory for `noteWork`. */
export function makeWorkNote(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
}

/** Thread: notes what it is at, for the message should it die of it. @param block Null while it waits. */
export function noteWork(work: Int32Array, block: number | null, step: number): void {
  Atomics.store(work, 0, block === null ? 0 : block + 1);
  Atomics.store(work, 1, step);
}

/** Trainer: what a thread was at last. */
export function notedWork(work: Int32Array): NotedWork {
  const block = Atomics.load(work, 0);
  return { block: block === 0 ? null : block - 1, step: Atomics.load(work, 1) };
}
