import type { RandomKey } from "@blockwise/random";
import type { LocalLossViewV1, OperationsV1 } from "@blockwise/spec";
import type * as tf from "@tensorflow/tfjs-core";
import type { BlockDefinition } from "../wiring/block-definition.js";
import { type ContextState, layerContext } from "./layer-context.js";
import { addNoise, type NoiseOptions } from "./noise.js";

/** What a training pass through a block computes with. All is borrowed. */
export interface ForwardPass {
  readonly definition: BlockDefinition;
  readonly state: ContextState;
  readonly operations: OperationsV1;
}

/** What a block makes of one view of the batch, by batch statistics and without noise. The caller's. */
export function forwardUnits(input: tf.Tensor, { definition, state, operations }: ForwardPass): tf.Tensor {
  return definition.units.reduce(
    (value, { parameterPrefix, layer }) =>
      layer.apply(value, layerContext(parameterPrefix, state, { training: true, operations })),
    input,
  );
}

/** What a block hands on of one view: its output with noise. The caller's. */
export function handOn(
  input: tf.Tensor,
  pass: ForwardPass,
  noise: NoiseOptions | null,
  noiseKey: RandomKey,
): tf.Tensor {
  const map = forwardUnits(input, pass);
  return noise === null ? map : addNoise(map, noise, noiseKey);
}

/** What a block's loss sees of the block's output `map` (borrowed). The feature and the embedding are the caller's. */
export function viewOfMap(
  map: tf.Tensor,
  { definition: { head, projector }, state, operations }: ForwardPass,
): LocalLossViewV1 {
  const mode = { training: true, operations };
  const feature = head.layer.apply(map, layerContext(head.prefix, state, mode)) as tf.Tensor2D;
  const context = layerContext(projector.prefix, state, mode);
  return { map, feature, embedding: projector.layer.apply(feature, context) as tf.Tensor2D };
}
