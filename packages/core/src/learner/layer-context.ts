import { type LayerContextV1, MissingStateError, type OperationsV1, type TensorMap } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { sharedCopy } from "./shared-copy.js";

/** What a context reads from and writes to; names are full ones. */
export interface ContextState {
  readonly parameters: TensorMap;
  readonly buffers: TensorMap;
  /** Buffers as updates left them; null where updates are not wanted (evaluation). Kept tensors: the owner disposes. */
  readonly updatedBuffers: Map<string, tf.Tensor> | null;
}

/** Gives one layer its view of the network's state: local names, borrowed tensors. */
export function layerContext(
  prefix: string,
  state: ContextState,
  mode: { readonly training: boolean; readonly operations: OperationsV1 },
): LayerContextV1 {
  const find = (kind: string, map: TensorMap, name: string): tf.Tensor => {
    const tensor = map[prefix + name];
    if (tensor === undefined) {
      throw new MissingStateError(
        `There is no ${kind} "${prefix}${name}". List it in the layer's "${kind}s".`,
        { missing: prefix + name },
      );
    }
    return tensor;
  };
  return {
    ...mode,
    parameter: (name) => find("parameter", state.parameters, name),
    buffer: (name) => state.updatedBuffers?.get(prefix + name) ?? find("buffer", state.buffers, name),
    updateBuffer: (name, value) => {
      find("buffer", state.buffers, name);
      const { updatedBuffers } = state;
      if (updatedBuffers === null) return;
      updatedBuffers.get(prefix + name)?.dispose();
      updatedBuffers.set(prefix + name, tf.keep(sharedCopy(value)));
    },
  };
}
