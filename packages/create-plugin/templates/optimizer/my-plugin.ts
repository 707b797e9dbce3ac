import {
  InvalidOptionError,
  MissingStateError,
  type OptimizerV1,
  ShapeMismatchError,
  type TensorMap,
} from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** Options of {@link myPlugin}: plain JSON. */
export interface MyPluginOptions {
  /** What is kept of the last update, from 0 to 1 (not 1). @default 0.9 */
  readonly momentum?: number;
}

/**
 * TODO: what it is, in one sentence.
 *
 * `v = momentum * v + g; p = p - learningRate * v`. TODO: your formula.
 *
 * @throws InvalidOptionError; `doUpdate` throws MissingStateError, ShapeMismatchError.
 * @see TODO: authors, title, year, algorithm.
 */
export function myPlugin(options: MyPluginOptions = {}): OptimizerV1 {
  const { momentum = 0.9 } = options;
  if (!(momentum >= 0 && momentum < 1)) {
    throw new InvalidOptionError({
      option: "momentum",
      expected: "a number from 0, below 1",
      received: momentum,
    });
  }
  return {
    specificationVersion: "v1",
    kind: "optimizer",
    id: "my-plugin",
    options: { momentum },
    doInit: (specs) =>
      Object.fromEntries(specs.map(({ name, shape }) => [slotOf(name), tf.zeros([...shape])])),
    doUpdate: ({ specs, parameters, gradients, state, learningRate }) => {
      // Everything is looked up before anything is made, so that nothing is left behind where something is missing.
      const found = specs.map(({ name, shape }) => ({
        name,
        parameter: find(parameters, name, shape),
        gradient: find(gradients, name, shape),
        velocity: find(state, slotOf(name), shape),
      }));
      const [newParameters, newState]: [Record<string, tf.Tensor>, Record<string, tf.Tensor>] = [{}, {}];
      for (const { name, parameter, gradient, velocity } of found) {
        const next = tf.tidy(() => tf.add(tf.mul(velocity, momentum), gradient));
        newState[slotOf(name)] = next;
        newParameters[name] = tf.tidy(() => tf.sub(parameter, tf.mul(next, learningRate)));
      }
      return { parameters: newParameters, state: newState };
    },
  };
}

const slotOf = (name: string): string => `momentum.${name}`;

function find(map: TensorMap, name: string, shape: readonly number[]): tf.Tensor {
  const tensor = map[name];
  if (tensor === undefined)
    throw new MissingStateError(`my-plugin: "${name}" is missing.`, { missing: name });
  if (tensor.shape.join() === shape.join()) return tensor;
  throw new ShapeMismatchError({
    subject: `my-plugin: "${name}"`,
    expected: `[${shape}]`,
    received: tensor.shape,
  });
}
