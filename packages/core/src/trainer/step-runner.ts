import type { BlockStepV1, BlockWorkerReadingV1, ScheduleV1 } from "@blockwise/spec";
import type { BlockCounters } from "../learner/block-state.js";
import type { StepPlan } from "../timetable/turns-at.js";
import type { Network } from "../wiring/network.js";
import { learnBatch, type StepInputs } from "./learn-batch.js";

/** One step to be done. */
export interface StepJob {
  /** Of the run, from 0. */
  readonly step: number;
  readonly plan: StepPlan;
  /** Released as soon as they are copied. */
  readonly inputs: StepInputs;
  /** From when until when they were waited for, by `performance.now()`. */
  readonly fetched: { readonly from: number; readonly to: number };
  /** The frozen block whose outputs are wanted; null for none. */
  readonly keepOutputsOf: number | null;
  /** Whether the network is to be as after this step when the outcome is taken. */
  readonly updatesNetwork: boolean;
}

/** What a step came to. */
export interface StepOutcome {
  readonly reports: readonly BlockStepV1[];
  /** By block. */
  readonly counters: readonly BlockCounters[];
  readonly frozenOutputs: readonly Float32Array[] | null;
}

/** Does steps, in this thread or in others. */
export interface StepRunner {
  /** How many steps may be under way at once. */
  readonly window: number;
  /** Milliseconds that blocks waited for data; null where they wait whenever the trainer does. */
  readonly dataWaitMs: number | null;
  /** Makes ready. */
  begin(): Promise<void>;
  /** Begins a step: at most `window` are begun and not taken. */
  feed(job: StepJob): Promise<void>;
  /** What the oldest step that is not yet taken came to. */
  take(): Promise<StepOutcome>;
  /** Brings the network up to date, when all steps are taken. */
  updateNetwork(): Promise<void>;
  /** How the threads fare; null where there are none. */
  readings(): readonly BlockWorkerReadingV1[] | null;
  close(): Promise<void>;
}

/** Does one step at a time, in this thread. */
export function localRunner(
  network: Network,
  run: { readonly schedule: ScheduleV1; readonly seed: number; readonly stepsPerPhase: number },
): StepRunner {
  let outcome: StepOutcome | null = null;
  return {
    window: 1,
    dataWaitMs: null,
    begin: async () => undefined,
    feed: async ({ inputs, plan, keepOutputsOf }) => {
      let frozenOutputs: Float32Array[] | null = null;
      const reports = learnBatch(network, inputs, plan, {
        ...run,
        onFrozenOutputs: (block, outputs) => {
          if (block !== keepOutputsOf) return;
          frozenOutputs = outputs.map((output) => output.dataSync<"float32">().slice());
        },
      });
      outcome = { reports, counters: network.learners.map(({ counters }) => counters), frozenOutputs };
    },
    take: async () => {
      const taken = outcome;
      outcome = null;
      if (taken === null) throw new Error("No step was begun");
      return taken;
    },
    updateNetwork: async () => undefined,
    readings: () => null,
    close: async () => undefined,
  };
}
