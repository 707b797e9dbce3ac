import { ShapeMismatchError, type TensorMap } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { Network } from "./network.js";

/**
 * Starts a network from another one's weights: every parameter and buffer that `nameIn` finds in `from` takes that value,
 * copied; all others stay as they are, and so do optimiser slots and counters. Both networks stay their owners'.
 *
 * `nameIn` says what a tensor of `to` is called in `from`; without it, the same.
 *
 * @returns the names in `to` that were taken over
 * @throws ShapeMismatchError where a tensor has another shape there; nothing is taken over then
 * @example
 * adoptWeights({ to: trainer.network, from: pretrained });
 */
export function adoptWeights({
  to,
  from,
  nameIn = (name) => name,
}: {
  readonly to: Network;
  readonly from: Network;
  readonly nameIn?: (name: string) => string;
}): readonly string[] {
  const { parameters, buffers } = from.tensors();
  const source: TensorMap = { ...parameters, ...buffers };
  const sourceOf = (name: string): tf.Tensor | undefined => source[nameIn(name)];
  const taken: string[] = [];
  for (const { state } of to.learners) {
    for (const [name, { shape }] of Object.entries({ ...state.parameters, ...state.buffers })) {
      const tensor = sourceOf(name);
      if (tensor === undefined) continue;
      if (tensor.shape.join() !== shape.join()) {
        throw new ShapeMismatchError({
          subject: `The tensor "${nameIn(name)}" to start "${name}" from`,
          expected: `[${shape.join(", ")}]`,
          received: tensor.shape,
        });
      }
      taken.push(name);
    }
  }
  for (const learner of to.learners) {
    // Copies of what stays too: a learner disposes of its old state as a whole.
    const copy = (map: TensorMap, replaced: boolean): TensorMap =>
      Object.fromEntries(
        Object.entries(map).map(([name, own]) => [
          name,
          tf.keep(tf.clone((replaced ? sourceOf(name) : undefined) ?? own)),
        ]),
      );
    const { parameters, buffers, optimizer } = learner.state;
    const state = {
      parameters: copy(parameters, true),
      buffers: copy(buffers, true),
      optimizer: copy(optimizer, false),
    };
    learner.restore(state, learner.counters);
  }
  return taken;
}
