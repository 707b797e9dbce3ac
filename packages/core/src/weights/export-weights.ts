import type { Tensor } from "@tensorflow/tfjs-core";
import { type StoredTensor, toStored } from "../checkpoint/stored-layout.js";
import type { Network } from "../wiring/network.js";

/**
 * Copies a network's parameters and running statistics out, by name and in PyTorch's axis order: the backbone's names are
 * its own (torchvision's), heads' begin with `pool_head.<block>.`, projectors' with `projector.<block>.`, losses' with
 * `loss.<block>.`. Exact.
 *
 * @example
 * const tensors = Array.from(exportWeights(trainer.network), ([name, tensor]) => [name, { dtype: "F32", ...tensor }]);
 * await writeSafetensors("model.safetensors", { tensors });
 */
export function exportWeights(network: Network): ReadonlyMap<string, StoredTensor> {
  return new Map(
    network.learners.flatMap(({ definition, state }) => [
      ...definition.parameters.map(({ name, layout }): [string, StoredTensor] => [
        name,
        toStored(state.parameters[name] as Tensor, layout),
      ]),
      ...definition.buffers.map(({ name }): [string, StoredTensor] => [
        name,
        toStored(state.buffers[name] as Tensor, "plain"),
      ]),
    ]),
  );
}
