import type { TensorMap } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { ensure, ensureClose, ensureFinite } from "../ensure.js";
import { measureLeak } from "../measure-leak.js";
import { ensureRefused } from "../plugin/ensure-refused.js";
import { ensureIdentity } from "../plugin/identity.js";
import type { PluginCheck } from "../plugin/plugin-check.js";
import {
  descend,
  type OptimizerPosition,
  type OptimizerUnderTest,
  positionOf,
  randomParameters,
  startPosition,
  testSpecs,
  updateOnce,
  type ValueMap,
} from "./optimizer-under-test.js";

/** What every optimiser promises. */
export const optimizerChecks: readonly PluginCheck<OptimizerUnderTest>[] = [
  {
    name: "says what it is",
    run: ({ optimizer }) => ensureIdentity(optimizer, "optimizer"),
  },
  {
    name: "names its slots after parameters, and fills them alike each time",
    run({ optimizer }) {
      const slots = positionOf({ parameters: {}, state: optimizer.doInit(testSpecs) }).state;
      const again = positionOf({ parameters: {}, state: optimizer.doInit(testSpecs) }).state;
      for (const [slot, { values }] of Object.entries(slots)) {
        const named = testSpecs.some(
          ({ name }) => slot.endsWith(`.${name}`) && slot.length > name.length + 1,
        );
        ensure(named, `the slot "${slot}" is not named "<slot>.<parameter>"`);
        ensureFinite(values, `the slot "${slot}"`);
      }
      ensureSame(again, slots, "filled again,");
    },
  },
  {
    name: "gives every parameter and slot back, in its shape",
    run(test) {
      const start = startPosition(test);
      const end = descend(test, start, { first: 0, count: 1 });
      ensureSameShapes(end.parameters, start.parameters, "parameters");
      ensureSameShapes(end.state, start.state, "slots");
    },
  },
  {
    name: "descends",
    run(test) {
      const start = startPosition(test);
      const end = descend(test, start, { first: 0, count: 10 });
      const [before, after] = [squareOf(start), squareOf(end)];
      ensure(after < before, `10 updates at ${test.learningRate} took |p|^2 from ${before} to ${after}`);
    },
  },
  {
    name: "moves nothing at a learning rate of 0",
    run(test) {
      const start = startPosition(test);
      const end = descend({ ...test, learningRate: 0 }, start, { first: 0, count: 2 });
      ensureSame(end.parameters, start.parameters, "after updates at a rate of 0,");
    },
  },
  ...[
    { kind: "zero, of parameters that are zero", gradient: 0, parameter: 0 },
    { kind: "zero", gradient: 0, parameter: 1 },
    { kind: "huge (1e6)", gradient: 1e6, parameter: 1 },
    { kind: "tiny (1e-10)", gradient: 1e-10, parameter: 1 },
  ].map(
    ({ kind, gradient, parameter }): PluginCheck<OptimizerUnderTest> => ({
      name: `stays finite for gradients that are ${kind}`,
      run(test) {
        const parameters = randomParameters(test.seed, parameter);
        const gradients = randomParameters(test.seed + 1, gradient);
        const end = positionOf(updateOnce(test, { parameters, gradients }));
        tf.dispose([parameters, gradients]);
        for (const [name, { values }] of [...Object.entries(end.parameters), ...Object.entries(end.state)]) {
          ensureFinite(values, `"${name}"`);
        }
      },
    }),
  ),
  {
    name: "gives the same bits for the same update",
    run(test) {
      const start = startPosition(test);
      const [first, second] = [1, 2].map(() => descend(test, start, { first: 0, count: 3 }));
      if (first && second) ensureSame(second.parameters, first.parameters, "the second time,");
    },
  },
  {
    name: "does not depend on the order of the parameters",
    run(test) {
      const start = startPosition(test);
      const forward = descend(test, start, { first: 0, count: 3 });
      const backward = descend(test, start, { first: 0, count: 3, specs: testSpecs.toReversed() });
      for (const [name, { values }] of Object.entries(forward.parameters)) {
        ensureClose(backward.parameters[name]?.values ?? [], values, `listed in the other order, "${name}"`);
      }
    },
  },
  {
    name: "leaves its inputs as they were, and returns none of them",
    run(test) {
      const parameters = randomParameters(test.seed);
      const gradients = randomParameters(test.seed + 1);
      const state = test.optimizer.doInit(testSpecs);
      const inputs = [parameters, gradients, state].flatMap((map) => Object.values(map));
      const copies = inputs.map((input) => Float32Array.from(input.dataSync()));
      const result = updateOnce({ ...test, learningRate: 0 }, { parameters, gradients, state });
      const outputs = [result.parameters, result.state].flatMap((map) => Object.values(map));
      ensure(!outputs.some((output) => inputs.includes(output)), "an input was returned as an output");
      inputs.forEach((input, place) => {
        ensure(!input.isDisposed, "an input was disposed");
        ensureClose(input.dataSync(), copies[place] ?? [], "an input", 0);
      });
      tf.dispose([inputs, outputs]);
    },
  },
  {
    name: "leaves no tensor alive but its results",
    async run(test) {
      const { tensors } = await measureLeak(() => {
        const { parameters, state } = updateOnce(test, {});
        tf.dispose([Object.values(parameters), Object.values(state)]);
      });
      ensure(tensors <= 0, `three updates left ${tensors} tensors alive`);
    },
  },
  {
    name: "refuses a gradient that is missing or of another shape, and frees what it had made",
    run(test) {
      const gradients: TensorMap = randomParameters(test.seed + 1);
      const { bias, ...incomplete } = gradients;
      const turned = { ...gradients, "linear.weight": tf.ones([1, 2]) };
      const living = tf.memory().numTensors;
      const update = (given: TensorMap) => () => updateOnce(test, { gradients: given });
      ensureRefused(update(incomplete), "BLOCKWISE_MISSING_STATE", "a missing gradient");
      ensureRefused(update(turned), "BLOCKWISE_SHAPE_MISMATCH", "a gradient that would be broadcast");
      const left = tf.memory().numTensors - living;
      tf.dispose([Object.values(gradients), turned["linear.weight"]]);
      ensure(left === 0, `the refusals left ${left} tensors alive`);
    },
  },
];

/** Throws unless both hold the same numbers, to the bit. */
export function ensureSame(received: ValueMap, expected: ValueMap, when: string): void {
  ensureSameShapes(received, expected, "names");
  for (const [name, { values }] of Object.entries(expected)) {
    ensureClose(received[name]?.values ?? [], values, `${when} "${name}"`, 0);
  }
}

function ensureSameShapes(received: ValueMap, expected: ValueMap, what: string): void {
  const [got, wanted] = [received, expected].map((map) =>
    Object.entries(map)
      .map(([name, { shape }]) => `${name} [${shape}]`)
      .sort()
      .join(", "),
  );
  ensure(got === wanted, `the ${what} are ${got || "none"}, not ${wanted || "none"}`);
}

function squareOf({ parameters }: OptimizerPosition): number {
  return Object.values(parameters)
    .flatMap(({ values }) => [...values])
    .reduce((sum, value) => sum + value * value, 0);
}
