import { InvalidOptionError, type OptimizerUpdateV1, type ParameterSpecV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, it } from "vitest";
import { adamW, lars, sgd } from "./index.js";

const specs: readonly ParameterSpecV1[] = [
  { name: "weight", shape: [2, 2], layout: "linear", initializer: { kind: "zeros" } },
  { name: "bias", shape: [2], layout: "plain", initializer: { kind: "zeros" } },
];

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe.each([
  { optimizer: lars(), slots: ["momentum.weight", "momentum.bias"] },
  { optimizer: sgd(), slots: ["momentum.weight", "momentum.bias"] },
  { optimizer: sgd({ momentum: 0 }), slots: [] },
  { optimizer: adamW(), slots: ["mean.weight", "square.weight", "mean.bias", "square.bias"] },
])("$optimizer.id $optimizer.options", ({ optimizer, slots }) => {
  it("names its slots after the parameters and fills them with zeros", () => {
    const state = optimizer.doInit(specs);
    expect(Object.keys(state)).toEqual(slots);
    expect(Object.values(state).flatMap((slot) => [...slot.dataSync()])).toEqual(slots.flatMap(zerosOf));
    tf.dispose(state);
  });
});

it("states the options in force", () => {
  expect(lars({ clip: true }).options).toEqual({
    momentum: 0.9,
    weightDecay: 1e-6,
    trustCoefficient: 0.001,
    clip: true,
    excludeOneDimensional: true,
  });
  expect(sgd().options).toEqual({
    momentum: 0.9,
    nesterov: false,
    weightDecay: 0,
    excludeOneDimensional: true,
  });
  expect(adamW().options).toEqual({
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0.01,
    excludeOneDimensional: true,
  });
});

it.each([
  ["momentum", () => lars({ momentum: 1 })],
  ["momentum", () => sgd({ momentum: -0.1 })],
  ["momentum", () => sgd({ momentum: 0, nesterov: true })],
  ["weightDecay", () => sgd({ weightDecay: Number.NaN })],
  ["weightDecay", () => lars({ weightDecay: Number.POSITIVE_INFINITY })],
  ["trustCoefficient", () => lars({ trustCoefficient: 0 })],
  ["beta1", () => adamW({ beta1: 1 })],
  ["beta2", () => adamW({ beta2: 1.5 })],
  ["epsilon", () => adamW({ epsilon: 0 })],
  ["clip", () => lars(JSON.parse('{"clip": "yes"}'))],
])("refuses a bad %s and names it", (option, make) => {
  const thrown = thrownBy(make);
  expect(thrown).toBeInstanceOf(InvalidOptionError);
  expect(thrown).toMatchObject({ option });
});

it("lars leaves the direction of the gradient as it is and sets the step's length", () => {
  const optimizer = lars({ momentum: 0, weightDecay: 0, trustCoefficient: 0.01 });
  const state = optimizer.doInit(specs);
  const update = exampleUpdate({ state, learningRate: 1 });
  const next = optimizer.doUpdate(update);
  const length = tf.tidy(() =>
    tf.norm(tf.sub(next.parameters.weight ?? 0, update.parameters.weight ?? 0)).dataSync(),
  );
  // ||p|| of [1, 2, 3, 4] is sqrt(30).
  expect(length[0]).toBeCloseTo(0.01 * Math.sqrt(30), 6);
  tf.dispose([state, update.parameters, update.gradients, next.parameters, next.state]);
});

function exampleUpdate(changes: Partial<OptimizerUpdateV1>): OptimizerUpdateV1 {
  return {
    specs,
    parameters: { weight: tf.tensor2d([1, 2, 3, 4], [2, 2]), bias: tf.tensor1d([5, 6]) },
    gradients: {
      weight: tf.tensor2d([0.1, -0.2, 0.3, 0.4], [2, 2]),
      bias: tf.tensor1d([0.5, 0]),
    },
    state: {},
    learningRate: 0.1,
    updateCount: 0,
    ...changes,
  };
}

function zerosOf(slot: string): number[] {
  return slot.endsWith("weight") ? [0, 0, 0, 0] : [0, 0];
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
