import { type LayerV1, MissingStateError, type OperationsV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { referenceOperations } from "./reference-operations.js";
import { startTensor } from "./start-tensor.js";

/** How a subject's layer is called. */
export interface LayerCall {
  /** @default true */
  readonly training?: boolean;
  /** Stand in for the subject's own parameters, in the layer's order; borrowed. */
  readonly parameters?: readonly tf.Tensor[];
}

/** A layer with the parameters and buffers that it asked for. */
export interface LayerSubject {
  /** The layer itself. */
  readonly layer: LayerV1;
  /** By name, in the layer's order; the subject's. */
  readonly parameters: ReadonlyMap<string, tf.Tensor>;
  /** By name, as the last call left them; the subject's. */
  readonly buffers: ReadonlyMap<string, tf.Tensor>;
  /** Calls the layer; buffer updates stay. `x` is borrowed, the output the caller's. */
  apply(x: tf.Tensor, call?: LayerCall): tf.Tensor;
  /** Frees the parameters and buffers. */
  dispose(): void;
}

/**
 * Makes the parameters and buffers of a layer, filled as it asks, and calls it with them.
 *
 * @param operations @default the reference operations
 */
export function createLayerSubject(
  layer: LayerV1,
  operations: OperationsV1 = referenceOperations,
): LayerSubject {
  const parameters = new Map(layer.parameters.map((spec, index) => [spec.name, startTensor(spec, index)]));
  const buffers = new Map(layer.buffers.map((spec, index) => [spec.name, startTensor(spec, index)]));
  const names = [...parameters.keys()];
  return {
    layer,
    parameters,
    buffers,
    apply: (x, { training = true, parameters: given = [...parameters.values()] } = {}) =>
      layer.apply(x, {
        training,
        operations,
        parameter: (name) => given[names.indexOf(name)] ?? missing("parameter", name),
        buffer: (name) => buffers.get(name) ?? missing("buffer", name),
        updateBuffer(name, value) {
          const before = buffers.get(name) ?? missing("buffer", name);
          buffers.set(name, tf.keep(tf.clone(value)));
          before.dispose();
        },
      }),
    dispose: () => tf.dispose([...parameters.values(), ...buffers.values()]),
  };
}

function missing(kind: "buffer" | "parameter", name: string): never {
  throw new MissingStateError(`The layer lists no ${kind} named "${name}".`, { missing: name });
}
