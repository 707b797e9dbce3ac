import { readFileSync } from "node:fs";
import { createEngine, inspectEngines } from "@blockwise/engine";
import type { OptimizerUpdateV1, OptimizerV1, ParameterSpecV1, TensorMap } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, it } from "vitest";
import { type AdamWOptions, adamW, type LarsOptions, lars, type SgdOptions, sgd } from "./index.js";

type Values = Readonly<Record<string, readonly number[]>>;
type Case = { readonly steps: readonly Values[] } & (
  | { readonly optimizer: "sgd"; readonly options: SgdOptions }
  | { readonly optimizer: "adamW"; readonly options: AdamWOptions }
  | { readonly optimizer: "lars"; readonly options: LarsOptions }
);

const golden: {
  readonly shapes: Readonly<Record<string, number[]>>;
  readonly rates: readonly number[];
  readonly initial: Values;
  readonly gradients: readonly Values[];
  readonly cases: readonly Case[];
} = JSON.parse(readFileSync(new URL("./__fixtures__/optimizers.json", import.meta.url), "utf8"));

const specs: readonly ParameterSpecV1[] = Object.entries(golden.shapes).map(([name, shape]) => ({
  name,
  shape,
  layout: "plain",
  initializer: { kind: "zeros" },
}));

/** Five float32 updates of values near 1 against float64. */
const TOLERANCE = 3e-6;

const native = (await inspectEngines()).engines.find(({ name }) => name === "native");

const engines = [
  {
    engine: "plain TensorFlow.js",
    skipped: false,
    start: async (): Promise<Pick<OptimizerUpdateV1, "operations">> => {
      await tf.setBackend("cpu");
      return {};
    },
  },
  {
    engine: "the native engine",
    skipped: native?.available !== true,
    start: async () => {
      const { operations } = await createEngine({ name: "native", threads: 2 });
      expect(operations.parameterUpdates).toBeDefined();
      return { operations };
    },
  },
];
const cases = engines.flatMap((engine) => golden.cases.map((golden_) => ({ ...engine, golden_ })));

describe.each(cases)("$golden_.optimizer $golden_.options on $engine", ({ golden_, skipped, start }) => {
  let operations: Pick<OptimizerUpdateV1, "operations">;
  beforeAll(async () => {
    if (!skipped) operations = await start();
  });

  it.skipIf(skipped)("follows the reference for five updates and leaks nothing", () => {
    const optimizer = make(golden_);
    const before = tf.memory().numTensors;
    let parameters = tensors(golden.initial);
    let state = optimizer.doInit(specs);

    golden.rates.forEach((learningRate, updateCount) => {
      const gradients = tensors(golden.gradients[updateCount] ?? {});
      const update = { specs, parameters, gradients, state, learningRate, updateCount, ...operations };
      const living = tf.memory().numTensors;
      const next = optimizer.doUpdate(update);
      expect(tf.memory().numTensors - living).toBe(
        Object.keys(next.parameters).length + Object.keys(next.state).length,
      );
      tf.dispose([parameters, gradients, state]);
      ({ parameters, state } = next);
      expect(largestDifference(parameters, golden_.steps[updateCount] ?? {})).toBeLessThan(TOLERANCE);
    });

    tf.dispose([parameters, state]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

function make(golden: Case): OptimizerV1 {
  switch (golden.optimizer) {
    case "sgd":
      return sgd(golden.options);
    case "adamW":
      return adamW(golden.options);
    case "lars":
      return lars(golden.options);
  }
}

function tensors(values: Values): TensorMap {
  return Object.fromEntries(
    specs.map(({ name, shape }) => [name, tf.tensor([...(values[name] ?? [])], [...shape])]),
  );
}

function largestDifference(actual: TensorMap, expected: Values): number {
  const differences = specs.flatMap(({ name }) => {
    const values = actual[name]?.dataSync() ?? [];
    return (expected[name] ?? []).map((value, index) => Math.abs(value - (values[index] ?? Number.NaN)));
  });
  return Math.max(...differences);
}
