import type { SafetensorsEntry } from "@blockwise/safetensors";
import {
  CheckpointError,
  type ParameterLayoutV1,
  type ParameterSpecV1,
  type TensorMap,
} from "@blockwise/spec";
import type * as tf from "@tensorflow/tfjs-core";
import type { BlockLearner } from "../learner/block-learner.js";
import type { BlockState } from "../learner/block-state.js";
import { fromStored, storedShape, toStored } from "./stored-layout.js";

interface StateSlot {
  readonly part: keyof BlockState;
  /** The name in the learner's state. */
  readonly name: string;
  /** The name in the file. */
  readonly storedName: string;
  readonly shape: readonly number[];
  readonly layout: ParameterLayoutV1;
}

/**
 * All that a learner keeps, under the names that files give it: parameters and buffers under their own (torchvision's),
 * optimiser slots as `optimizer.<slot>.<parameter>`.
 */
function slotsOf(learner: BlockLearner): readonly StateSlot[] {
  const { definition, state } = learner;
  const parameters = new Map(definition.parameters.map((spec) => [spec.name, spec]));
  return [
    ...definition.parameters.map(({ name, shape, layout }) => ({
      part: "parameters" as const,
      name,
      storedName: name,
      shape,
      layout,
    })),
    ...definition.buffers.map(({ name, shape }) => ({
      part: "buffers" as const,
      name,
      storedName: name,
      shape,
      layout: "plain" as const,
    })),
    ...Object.entries(state.optimizer).map(([name, tensor]) => ({
      part: "optimizer" as const,
      name,
      storedName: `optimizer.${name}`,
      shape: tensor.shape,
      layout: layoutOfSlot(name, tensor, parameters),
    })),
  ];
}

/** A slot `"<slot>.<parameter>"` of its parameter's shape lies as the parameter does. */
function layoutOfSlot(
  slotName: string,
  { shape }: tf.Tensor,
  parameters: ReadonlyMap<string, ParameterSpecV1>,
): ParameterLayoutV1 {
  const parameter = parameters.get(slotName.slice(slotName.indexOf(".") + 1));
  return parameter?.shape.join() === shape.join() ? parameter.layout : "plain";
}

/** Copies out the state of all learners for a file. */
export function storeLearners(learners: readonly BlockLearner[]): [string, SafetensorsEntry][] {
  return learners.flatMap((learner) =>
    slotsOf(learner).map(({ part, name, storedName, layout }): [string, SafetensorsEntry] => {
      const tensor = learner.state[part][name] as tf.Tensor;
      return [storedName, { dtype: "F32", ...toStored(tensor, layout) }];
    }),
  );
}

/**
 * Makes the states of all learners from what a file holds. Every name, type and shape is checked before the first
 * tensor is made; the tensors belong to the caller.
 *
 * @throws CheckpointError
 */
export function readLearners(
  learners: readonly BlockLearner[],
  stored: ReadonlyMap<string, SafetensorsEntry>,
  path: string,
): readonly BlockState[] {
  const slots = learners.map(slotsOf);
  const expected = new Set(slots.flat().map(({ storedName }) => storedName));
  for (const name of stored.keys()) {
    if (!expected.has(name)) {
      throw new CheckpointError(
        `${path} holds a tensor "${name}" that this network does not have. Resume with the configuration that the checkpoint was written with.`,
        { path },
      );
    }
  }
  const data = new Map(slots.flat().map((slot) => [slot.storedName, requireEntry(slot, stored, path)]));
  return slots.map((blockSlots) => {
    const part = (wanted: keyof BlockState): TensorMap =>
      Object.fromEntries(
        blockSlots
          .filter((slot) => slot.part === wanted)
          .map(({ name, storedName, shape, layout }) => [
            name,
            fromStored(
              { shape: storedShape(shape, layout), data: data.get(storedName) ?? new Float32Array() },
              layout,
            ),
          ]),
      );
    return { parameters: part("parameters"), buffers: part("buffers"), optimizer: part("optimizer") };
  });
}

function requireEntry(
  { storedName, shape, layout }: StateSlot,
  stored: ReadonlyMap<string, SafetensorsEntry>,
  path: string,
): Float32Array {
  const entry = stored.get(storedName);
  const wanted = storedShape(shape, layout);
  if (entry === undefined) {
    throw new CheckpointError(
      `${path} lacks the tensor "${storedName}". Resume with the configuration that the checkpoint was written with.`,
      { path },
    );
  }
  if (
    entry.dtype !== "F32" ||
    !(entry.data instanceof Float32Array) ||
    entry.shape.join() !== wanted.join()
  ) {
    throw new CheckpointError(
      `Tensor "${storedName}" in ${path} must be F32 of shape [${wanted.join(", ")}], but is ${entry.dtype} of shape [${entry.shape.join(", ")}].`,
      { path },
    );
  }
  if (!entry.data.every(Number.isFinite)) {
    throw new CheckpointError(
      `Tensor "${storedName}" in ${path} holds values that are not finite. Resume from an earlier checkpoint.`,
      { path },
    );
  }
  return entry.data;
}
