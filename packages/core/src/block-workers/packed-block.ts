import type { TensorMap } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { BlockLearner } from "../learner/block-learner.js";
import type { BlockCounters, BlockState } from "../learner/block-state.js";

/** All that a block keeps, as numbers that can be sent to another thread. */
export interface PackedBlock {
  /** Its place, from 0. */
  readonly block: number;
  readonly counters: BlockCounters;
  readonly state: { readonly [Part in keyof BlockState]: Readonly<Record<string, Float32Array>> };
}

/** Copies out all that a learner keeps. */
export function packBlock({ definition, counters, state }: BlockLearner): PackedBlock {
  const pack = (map: TensorMap): Record<string, Float32Array> =>
    Object.fromEntries(
      Object.entries(map).map(([name, tensor]) => [name, tensor.dataSync<"float32">().slice()]),
    );
  return {
    block: definition.index,
    counters,
    state: {
      parameters: pack(state.parameters),
      buffers: pack(state.buffers),
      optimizer: pack(state.optimizer),
    },
  };
}

/** Puts a learner into the state of one of the same block. */
export function unpackBlock(learner: BlockLearner, { counters, state }: PackedBlock): void {
  const unpack = (part: keyof BlockState): TensorMap =>
    Object.fromEntries(
      Object.entries(learner.state[part]).map(([name, { shape }]) => [
        name,
        tf.tensor(state[part][name] as Float32Array, shape, "float32"),
      ]),
    );
  learner.restore(
    { parameters: unpack("parameters"), buffers: unpack("buffers"), optimizer: unpack("optimizer") },
    counters,
  );
}

/** The memory that may move to the other thread with a packed block, and is then gone in this one. */
export function memoryOf({ state }: PackedBlock): ArrayBuffer[] {
  return Object.values(state).flatMap((part) =>
    Object.values(part).map(({ buffer }) => buffer as ArrayBuffer),
  );
}
