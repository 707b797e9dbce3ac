import type { RandomKey } from "@blockwise/random";
import type { LocalLossViewV1, OperationsV1 } from "@blockwise/spec";
import type * as tf from "@tensorflow/tfjs-core";
import type { BatchPart } from "../batch-workers/batch-part.js";
import type { BlockDefinition } from "../wiring/block-definition.js";
import { type ContextState, layerContext } from "./layer-context.js";
import { addNoise, type NoiseOptions } from "./noise.js";

/** What a training pass through a block computes with: batch statistics. All is borrowed. */
export interface ForwardPass {
  readonly definition: BlockDefinition;
  /** The tensors of all its units, also of those that it borrows. */
  readonly state: ContextState;
  readonly operations: OperationsV1;
  /** Which part of the batch passes; null for the whole. */
  readonly part: BatchPart | null;
}

/**
 * What a block hands on of one view: the map before the units that it lends (its output, where it lends none), with
 * noise. The caller's.
 */
export function handOn(
  input: tf.Tensor,
  pass: ForwardPass,
  noise: NoiseOptions | null,
  noiseKey: RandomKey,
): tf.Tensor {
  const { units, lentCount } = pass.definition;
  const map = runUnits(input, pass, 0, units.length - lentCount);
  return noise === null ? map : addNoise(map, noise, noiseKey, pass.part);
}

/** What a block's loss sees behind what the block hands on (borrowed). All but a map that is handed on is the caller's. */
export function viewBehind(handedOn: tf.Tensor, pass: ForwardPass): LocalLossViewV1 {
  const { units, lentCount } = pass.definition;
  return viewOfMap(runUnits(handedOn, pass, units.length - lentCount, units.length), pass);
}

/** What a block's loss sees of `input` where there is no noise. The caller's. */
export function viewWithoutNoise(input: tf.Tensor, pass: ForwardPass): LocalLossViewV1 {
  return viewOfMap(runUnits(input, pass, 0, pass.definition.units.length), pass);
}

function viewOfMap(
  map: tf.Tensor,
  { definition: { head, projector }, state, operations }: Omit<ForwardPass, "part">,
): LocalLossViewV1 {
  const mode = { training: true, operations };
  const feature = head.layer.apply(map, layerContext(head.prefix, state, mode)) as tf.Tensor2D;
  const context = layerContext(projector.prefix, state, mode);
  return { map, feature, embedding: projector.layer.apply(feature, context) as tf.Tensor2D };
}

function runUnits(
  input: tf.Tensor,
  { definition: { units, borrowedCount }, state, operations }: ForwardPass,
  start: number,
  end: number,
): tf.Tensor {
  // The running statistics of a shared unit are kept by the block that it belongs to.
  const borrowed = { ...state, updatedBuffers: null };
  const mode = { training: true, operations };
  return units.slice(start, end).reduce((value, { parameterPrefix, layer }, index) => {
    const source = start + index < borrowedCount ? borrowed : state;
    return layer.apply(value, layerContext(parameterPrefix, source, mode));
  }, input);
}
