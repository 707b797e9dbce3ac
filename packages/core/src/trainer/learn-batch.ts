import type { Batch } from "@blockwise/loader";
import type { BlockStepV1, ScheduleV1, ViewShape } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { StepPlan } from "../timetable/turns-at.js";
import type { Network } from "../wiring/network.js";
import { type NetworkStep, type NetworkTurn, stepNetwork } from "./step-network.js";

/** What a step begins from: images, or what frozen blocks handed on. */
export interface StepInputs {
  /** One a view, each of `shape`, flat. Borrowed until `release`. */
  readonly outputs: readonly Float32Array[];
  /** `[batch, height, width, channels]`. */
  readonly shape: readonly number[];
  readonly labels: Int32Array | null;
  /** The block that takes it. */
  readonly firstBlock: number;
  release?(): void;
}

/** A loader's batch as what the first block takes. */
export function fromLoader(batch: Batch, { height, width, channels }: ViewShape): StepInputs {
  const { views, indices, labels } = batch;
  return {
    outputs: views,
    shape: [indices.length, height, width, channels],
    labels,
    firstBlock: 0,
    release: () => batch.release(),
  };
}

/** Copies a batch onto the engine, gives its slot back to the loader, and lets every block take its turn with it. */
export function learnBatch(
  network: Network,
  inputs: StepInputs,
  plan: StepPlan,
  run: {
    readonly schedule: ScheduleV1;
    readonly seed: number;
    readonly stepsPerPhase: number;
    readonly onFrozenOutputs?: NetworkStep["onFrozenOutputs"];
  },
): readonly BlockStepV1[] {
  const { firstBlock, shape } = inputs;
  // Some engines keep the array that they are given, and the loader will write into this one again: hence the copies.
  const views = inputs.outputs.map((values) => tf.tensor(values.slice(), [...shape]));
  const labels = inputs.labels === null ? null : tf.tensor1d(inputs.labels.slice(), "int32");
  inputs.release?.();
  const { schedule, seed, stepsPerPhase, onFrozenOutputs = () => undefined } = run;
  const place = { step: plan.dataStep, stepCount: stepsPerPhase };
  const turns = turnsWithRates(plan, schedule);
  try {
    const learningRate = schedule.learningRate(place);
    const request = { ...place, views, labels, learningRate, seed, turns, firstBlock, onFrozenOutputs };
    return stepNetwork(network, request);
  } finally {
    tf.dispose(views);
    labels?.dispose();
  }
}

/** A step's turns with the rates that blocks learn at. */
export function turnsWithRates({ turns }: StepPlan, schedule: ScheduleV1): readonly NetworkTurn[] {
  return turns.map((turn) =>
    turn.mode === "learning" ? { ...turn, learningRate: schedule.learningRate(turn) } : turn,
  );
}
