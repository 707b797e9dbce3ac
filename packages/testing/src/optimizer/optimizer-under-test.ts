import type {
  OptimizerResultV1,
  OptimizerUpdateV1,
  OptimizerV1,
  ParameterSpecV1,
  TensorMap,
} from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** An optimiser, and how it is tried out. */
export interface OptimizerUnderTest {
  /** What is tested. */
  readonly optimizer: OptimizerV1;
  /** A rate at which it descends on `|p|^2 / 2`. */
  readonly learningRate: number;
  /** Of the random parameters. */
  readonly seed: number;
}

/** Values by name, free of tensors: what a checkpoint holds. */
export type ValueMap = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly values: Float32Array }>
>;

/** Where an optimiser stands between two updates. */
export interface OptimizerPosition {
  readonly parameters: ValueMap;
  readonly state: ValueMap;
}

/** Parameters of every layout and rank that networks have. */
export const testSpecs: readonly ParameterSpecV1[] = [
  { name: "conv.weight", shape: [1, 2, 2, 3], layout: "convolution", initializer: { kind: "zeros" } },
  { name: "linear.weight", shape: [3, 2], layout: "linear", initializer: { kind: "zeros" } },
  { name: "bias", shape: [3], layout: "plain", initializer: { kind: "zeros" } },
  { name: "temperature", shape: [], layout: "plain", initializer: { kind: "zeros" } },
];

/** Random parameters, N(0, 1), by the specs' names; the caller's. */
export function randomParameters(seed: number, factor = 1): Record<string, tf.Tensor> {
  const drawn = testSpecs.map(({ name, shape }, place) => {
    const values = tf.tidy(() =>
      tf.mul(tf.randomNormal([...shape], 0, 1, "float32", seed * 1000 + place), factor),
    );
    return [name, values] as const;
  });
  return Object.fromEntries(drawn);
}

/** One update; its tensors are the caller's. What `changes` leaves out is random, the state that of the start. */
export function updateOnce(
  { optimizer, learningRate, seed }: OptimizerUnderTest,
  changes: Partial<OptimizerUpdateV1>,
): OptimizerResultV1 {
  const made: TensorMap[] = [];
  const own = <Map extends TensorMap>(map: Map): Map => {
    made.push(map);
    return map;
  };
  try {
    return optimizer.doUpdate({
      specs: testSpecs,
      parameters: changes.parameters ?? own(randomParameters(seed)),
      gradients: changes.gradients ?? own(randomParameters(seed + 1)),
      state: changes.state ?? own(optimizer.doInit(testSpecs)),
      learningRate,
      updateCount: 0,
      ...changes,
    });
  } finally {
    tf.dispose(made);
  }
}

/** Before the first update. */
export function startPosition({ optimizer, seed }: OptimizerUnderTest): OptimizerPosition {
  return positionOf({ parameters: randomParameters(seed), state: optimizer.doInit(testSpecs) });
}

/** Goes on from a position for some updates, on the loss `|p|^2 / 2`, whose gradient is `p`. */
export function descend(
  test: OptimizerUnderTest,
  from: OptimizerPosition,
  updates: { readonly first: number; readonly count: number; readonly specs?: readonly ParameterSpecV1[] },
): OptimizerPosition {
  const { first, count, specs = testSpecs } = updates;
  let position = from;
  for (let updateCount = first; updateCount < first + count; updateCount++) {
    const [parameters, state] = [tensorsOf(position.parameters), tensorsOf(position.state)];
    const result = updateOnce(test, { specs, parameters, gradients: parameters, state, updateCount });
    tf.dispose([parameters, state]);
    position = positionOf(result);
  }
  return position;
}

/** The values of tensors, which are disposed. */
export function positionOf({ parameters, state }: OptimizerResultV1): OptimizerPosition {
  return { parameters: takeValues(parameters), state: takeValues(state) };
}

/** Tensors of those values; the caller's. */
function tensorsOf(map: ValueMap): Record<string, tf.Tensor> {
  const tensors = Object.entries(map).map(([name, { shape, values }]) => [
    name,
    tf.tensor(values.slice(), [...shape], "float32"),
  ]);
  return Object.fromEntries(tensors);
}

function takeValues(map: TensorMap): ValueMap {
  const values = Object.entries(map).map(([name, tensor]) => [
    name,
    { shape: tensor.shape, values: Float32Array.from(tensor.dataSync()) },
  ]);
  tf.dispose(Object.values(map));
  return Object.fromEntries(values);
}
