import type { OptimizerUpdateV1, ParameterSpecV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, it } from "vitest";
import { adamW, lars, learningRateFactors, sgd } from "./index.js";

const names = ["conv.weight", "loss.0.weight", "loss.0.bias"] as const;
const specs: readonly ParameterSpecV1[] = names.map((name) => ({
  name,
  shape: [2, 2],
  layout: "plain",
  initializer: { kind: "zeros" },
}));

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const filled = (value: number) =>
  Object.fromEntries(names.map((name, index) => [name, tf.fill([2, 2], value + index)]));

function update(changes: Partial<OptimizerUpdateV1>): OptimizerUpdateV1 {
  const parameters = filled(1);
  return {
    specs,
    parameters,
    gradients: filled(3),
    state: {},
    learningRate: 0.01,
    updateCount: 4,
    ...changes,
  };
}

/** Values by name, the tensors freed. */
function valuesOf(result: Readonly<Record<string, tf.Tensor>>): Readonly<Record<string, readonly number[]>> {
  const values = Object.entries(result).map(([name, tensor]) => [name, [...tensor.dataSync()]] as const);
  tf.dispose(Object.values(result));
  return Object.fromEntries(values);
}

describe("learningRateFactors", () => {
  it.each([sgd({ weightDecay: 0.1 }), adamW(), lars()])(
    "updates each parameter as $id would at the rate of its own",
    (optimizer) => {
      const scaled = learningRateFactors({
        optimizer,
        factors: [
          { prefix: "loss.0.bias", factor: 0 },
          { prefix: "loss.", factor: 7 },
        ],
      });
      const state = scaled.doInit(specs);
      const rates = { "conv.weight": 0.01, "loss.0.weight": 0.07, "loss.0.bias": 0 };
      const result = scaled.doUpdate(update({ state }));
      const got = { parameters: valuesOf(result.parameters), state: valuesOf(result.state) };
      for (const name of names) {
        const alone = optimizer.doUpdate(update({ state, learningRate: rates[name] }));
        expect(got.parameters[name]).toEqual(valuesOf(alone.parameters)[name]);
        const slots = Object.entries(valuesOf(alone.state)).filter(([slot]) => slot.endsWith(name));
        expect(slots.length).toBeGreaterThan(0);
        for (const [slot, values] of slots) expect(got.state[slot]).toEqual(values);
      }
      expect(Object.keys(got.parameters).sort()).toEqual([...names].sort());
      expect(Object.keys(got.state).sort()).toEqual(Object.keys(state).sort());
    },
  );

  it("frees what it had made where an update fails", () => {
    const scaled = learningRateFactors({ optimizer: sgd(), factors: [{ prefix: "loss.", factor: 2 }] });
    const broken = update({ state: scaled.doInit(specs) });
    const { "loss.0.bias": missing, ...gradients } = broken.gradients;
    missing?.dispose();
    const before = tf.memory().numTensors;
    expect(() => scaled.doUpdate({ ...broken, gradients })).toThrow(/loss.0.bias/);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("says what it is made of, and refuses factors that cannot be", () => {
    const factors = [{ prefix: "loss.", factor: 2 }];
    expect(learningRateFactors({ optimizer: sgd(), factors }).options).toMatchObject({
      optimizer: { id: "sgd", options: { momentum: 0.9 } },
      factors,
    });
    const wrong = (prefix: string, factor: number) => () =>
      learningRateFactors({ optimizer: sgd(), factors: [{ prefix, factor }] });
    expect(wrong("loss.", -1)).toThrow(/factors\[0\].factor/);
    expect(wrong("", 1)).toThrow(/factors\[0\].prefix/);
    expect(() => learningRateFactors({ optimizer: sgd(), factors: [] })).toThrow(/factors/);
  });
});
