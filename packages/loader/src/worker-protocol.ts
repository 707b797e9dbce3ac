import type { RandomKey } from "@blockwise/random";
import type { JsonObject, PackedImages, WorkerRecipe } from "@blockwise/spec";
import type { EpochPlan } from "./epoch-plan.js";
import type { SlotRing } from "./slot-ring.js";
import type { SlotStates } from "./slot-states.js";

/** What a worker is given when it starts. */
export interface WorkerSetup {
  /** Its number, from 0. */
  readonly worker: number;
  readonly packed: PackedImages;
  readonly recipe: WorkerRecipe;
  /** The augmentation's options. */
  readonly options: JsonObject;
  readonly key: RandomKey;
  readonly ring: SlotRing;
}

/** Main to worker: make the batches of an epoch. */
export interface EpochRequest {
  readonly plan: EpochPlan;
  readonly states: SlotStates;
}

/** Worker to main. */
export type WorkerReport =
  /** A batch is in its slot. */
  | { readonly type: "filled" }
  /** It has no more to do in this epoch and writes to no slot. */
  | { readonly type: "idle" }
  /** A sample could not be made into a view. */
  | { readonly type: "sample-failed"; readonly sample: number; readonly view: number; readonly error: Error }
  /** The augmentation could not be made in the thread. */
  | { readonly type: "setup-failed"; readonly error: Error };
