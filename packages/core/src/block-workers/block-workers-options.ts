import type { ResourceLimits } from "node:worker_threads";
import type {
  BackboneV1,
  EngineV1,
  HeadV1,
  JsonObject,
  LocalLossV1,
  OptimizerV1,
  ProjectorV1,
  WorkerRecipe,
} from "@blockwise/spec";
import type { NoiseOptions } from "../learner/noise.js";
import type { PerBlock } from "../wiring/block-definition.js";

/** Which blocks learn in which thread. */
export interface BlockWorkersOptions {
  /**
   * How many threads there are, on which blocks are placed by what their steps are measured to take; or each thread's blocks by
   * their places, from 0, in order: `[[0], [1, 2, 3]]`.
   */
  readonly placement: number | readonly (readonly number[])[];
  /** How threads make the network's plugins again. */
  readonly recipe: NetworkRecipe;
  /**
   * Threads that each thread's engine may use of its own (`BlockWorkerPlace.threads`), where it can use any. @default the
   * cores, shared out evenly
   */
  readonly engineThreads?: number;
  /** What a thread's JavaScript may take; one that needs more ends the run. @default Node's */
  readonly resourceLimits?: ResourceLimits;
}

/**
 * A module, the {@link BlockWorkerSetup} that it exports, and the options to call it with. Threads run JavaScript alone: name
 * a module that is built.
 */
export interface NetworkRecipe extends WorkerRecipe {
  /** What the function is given. */
  readonly options: JsonObject;
}

/** Makes what a thread's blocks are made from: the same as the trainer is given, with an engine of the thread's own. */
export type BlockWorkerSetup = (
  options: JsonObject,
  place: BlockWorkerPlace,
) => BlockWorkerPlugins | Promise<BlockWorkerPlugins>;

/** Where a thread stands. */
export interface BlockWorkerPlace {
  /** From 0. */
  readonly worker: number;
  /** How many there are. */
  readonly workerCount: number;
  /** How many threads the engine may use; one that has a pool of its own is to be made so. */
  readonly threads: number;
}

/** The plugins of a network, as the trainer takes them. */
export interface BlockWorkerPlugins {
  /** One of the thread's own, of the same id as the trainer's. */
  readonly engine: EngineV1;
  /** The whole one: each thread takes its blocks of it. */
  readonly backbone: BackboneV1;
  /** One for all blocks, or one a block. */
  readonly head: PerBlock<HeadV1>;
  /** One for all blocks, or one a block. */
  readonly projector: PerBlock<ProjectorV1>;
  /** One for all blocks, or one a block. */
  readonly loss: PerBlock<LocalLossV1>;
  /** What updates the parameters of every block. */
  readonly optimizer: OptimizerV1;
  /** One for all blocks, or one a block. @default null */
  readonly noise?: PerBlock<NoiseOptions | null>;
}
