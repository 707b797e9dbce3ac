import { InvalidOptionError, type ParameterLayoutV1, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { fromStored, type StoredTensor, storedShape } from "../checkpoint/stored-layout.js";
import type { BlockLearner } from "../learner/block-learner.js";
import type { Network } from "../wiring/network.js";

/** What came of an import, by name. */
export interface ImportedWeights {
  /** The network's tensors that took a value. */
  readonly taken: readonly string[];
  /** The network's tensors that found none and stay as they are. */
  readonly missing: readonly string[];
  /** Tensors that the network has no place for. */
  readonly unused: readonly string[];
}

interface Place {
  readonly name: string;
  readonly shape: readonly number[];
  readonly layout: ParameterLayoutV1;
}

/**
 * Sets a network's parameters and running statistics, by name, to tensors that lie as PyTorch has them: what
 * `exportWeights` gives. Everything is checked before the first tensor is replaced; optimiser slots and counters stay.
 *
 * @param tensors borrowed
 * @throws ShapeMismatchError where a tensor has another shape than its place
 * @throws InvalidOptionError where one holds values that are not finite
 * @example
 * const { missing } = importWeights(network, weights);
 */
export function importWeights(network: Network, tensors: ReadonlyMap<string, StoredTensor>): ImportedWeights {
  const places = network.learners.map(placesOf);
  const known = new Set(places.flat().map(({ name }) => name));
  for (const place of places.flat()) {
    const tensor = tensors.get(place.name);
    if (tensor !== undefined) requireFits(place, tensor);
  }
  for (const [index, learner] of network.learners.entries()) replace(learner, places[index] ?? [], tensors);
  return {
    taken: [...known].filter((name) => tensors.has(name)),
    missing: [...known].filter((name) => !tensors.has(name)),
    unused: [...tensors.keys()].filter((name) => !known.has(name)),
  };
}

function placesOf({ definition }: BlockLearner): readonly Place[] {
  return [
    ...definition.parameters.map(({ name, shape, layout }) => ({ name, shape, layout })),
    ...definition.buffers.map(({ name, shape }) => ({ name, shape, layout: "plain" as const })),
  ];
}

function requireFits({ name, shape, layout }: Place, tensor: StoredTensor): void {
  const wanted = storedShape(shape, layout);
  const size = wanted.reduce((product, length) => product * length, 1);
  if (tensor.shape.join() !== wanted.join() || tensor.data.length !== size) {
    throw new ShapeMismatchError({
      subject: `The imported tensor "${name}"`,
      expected: `[${wanted.join(", ")}]`,
      received: tensor.shape,
      hint: "Build the network that the weights are of.",
    });
  }
  if (!tensor.data.every(Number.isFinite)) {
    throw new InvalidOptionError({
      option: `tensors[${JSON.stringify(name)}]`,
      expected: "a tensor of finite values",
      received: tensor.data.find((value) => !Number.isFinite(value)),
    });
  }
}

function replace(
  learner: BlockLearner,
  places: readonly Place[],
  tensors: ReadonlyMap<string, StoredTensor>,
): void {
  const { state } = learner;
  const layouts = new Map(places.map(({ name, layout }) => [name, layout]));
  // Copies of what stays too: a learner disposes of its old state as a whole.
  const renewed = (map: Readonly<Record<string, tf.Tensor>>): Record<string, tf.Tensor> =>
    Object.fromEntries(
      Object.entries(map).map(([name, own]) => {
        const tensor = tensors.get(name);
        const layout = layouts.get(name);
        const value =
          tensor === undefined || layout === undefined ? tf.clone(own) : fromStored(tensor, layout);
        return [name, tf.keep(value)];
      }),
    );
  learner.restore(
    {
      parameters: renewed(state.parameters),
      buffers: renewed(state.buffers),
      optimizer: renewed(state.optimizer),
    },
    learner.counters,
  );
}
