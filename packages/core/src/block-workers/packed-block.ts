import type { TensorMap } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { BlockLearner } from "../learner/block-learner.js";
import type { BlockCounters, BlockState } from "../learner/block-state.js";

/** A tensor as numbers that can be sent to another thread. */
export interface PackedTensor {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

type PackedMap = Readonly<Record<string, PackedTensor>>;

/** All that a block keeps, for another thread. */
export interface PackedBlock {
  /** Its place, from 0. */
  readonly block: number;
  readonly counters: BlockCounters;
  readonly state: { readonly [Part in keyof BlockState]: PackedMap };
}

/** Copies out a float32 tensor (borrowed). */
export function packTensor(tensor: tf.Tensor): PackedTensor {
  // What some engines give is the tensor's own memory, which may not move to another thread.
  return { values: tensor.dataSync<"float32">().slice(), shape: tensor.shape };
}

/** The tensor of such numbers. The caller's. */
export function unpackTensor({ values, shape }: PackedTensor): tf.Tensor {
  return tf.tensor(values, [...shape], "float32");
}

/** Copies out all that a learner keeps. */
export function packBlock({ definition, counters, state }: BlockLearner): PackedBlock {
  const pack = (map: TensorMap): PackedMap =>
    Object.fromEntries(Object.entries(map).map(([name, tensor]) => [name, packTensor(tensor)]));
  const { parameters, buffers, optimizer } = state;
  return {
    block: definition.index,
    counters,
    state: { parameters: pack(parameters), buffers: pack(buffers), optimizer: pack(optimizer) },
  };
}

/** Puts a learner into the state of one of the same block. */
export function unpackBlock(learner: BlockLearner, { counters, state }: PackedBlock): void {
  const unpack = (map: PackedMap): TensorMap =>
    Object.fromEntries(Object.entries(map).map(([name, packed]) => [name, unpackTensor(packed)]));
  const { parameters, buffers, optimizer } = state;
  learner.restore(
    { parameters: unpack(parameters), buffers: unpack(buffers), optimizer: unpack(optimizer) },
    counters,
  );
}

/** The memory that may move to the other thread with packed tensors, and is then gone in this one. */
export function memoryOf(packed: readonly PackedTensor[]): ArrayBuffer[] {
  return packed.map(({ values }) => values.buffer as ArrayBuffer);
}

/** All tensors of packed blocks. */
export function tensorsOf(blocks: readonly PackedBlock[]): readonly PackedTensor[] {
  return blocks.flatMap(({ state }) => Object.values(state).flatMap((map) => Object.values(map)));
}
