import type { RandomKey } from "@blockwise/random";
import type { DataSourceV1, JsonObject, WorkerRecipe } from "@blockwise/spec";
import type { EpochPlan } from "./epoch-plan.js";
import type { BrokenImage, BrokenImagePolicy } from "./fill-batch.js";
import type { SlotRing } from "./slot-ring.js";
import type { SlotStates } from "./slot-states.js";

/** What a worker is given when it starts. */
export interface WorkerSetup {
  /** Its number, from 0. */
  readonly worker: number;
  readonly store: DataSourceV1["store"];
  /** How many images there are. */
  readonly size: number;
  readonly recipe: WorkerRecipe;
  /** The augmentation's options. */
  readonly options: JsonObject;
  readonly key: RandomKey;
  readonly brokenImages: BrokenImagePolicy;
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
  | { readonly type: "filled"; readonly images: number; readonly busyMs: number }
  /** An image cannot be read. */
  | { readonly type: "broken"; readonly image: BrokenImage }
  /** A file with many images cannot be read any more. */
  | { readonly type: "source-failed"; readonly message: string; readonly source: string }
  /** It has no more to do in this epoch and writes to no slot. */
  | { readonly type: "idle" }
  /** A sample could not be made into a view. */
  | { readonly type: "sample-failed"; readonly sample: number; readonly view: number; readonly error: Error }
  /** The augmentation, or what reads images, could not be made in the thread. */
  | { readonly type: "setup-failed"; readonly part: "augmentation" | "reader"; readonly error: Error };
