import { loadLibrary } from "@blockwise/engine-native";
import type { ParameterUpdatesV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, test } from "vitest";
import { randomTensor } from "../__fixtures__/run-on-engines.js";
import { createEngine } from "../index.js";

const loaded = loadLibrary();

afterAll(() => createEngine({ name: "wasm" }));

/** More than two tasks, and an end within a vector. */
const shape = [401, 103];
const step = { keep: 0.9, nesterov: false, weightDecay: 0.1, learningRate: 0.5 };

async function updatesOf(threads: number): Promise<ParameterUpdatesV1> {
  const { parameterUpdates } = (await createEngine({ name: "native", threads })).operations;
  if (parameterUpdates === undefined) throw new Error("The native engine has no updates.");
  return parameterUpdates;
}

describe.skipIf(!loaded.available)(
  `updates of parameters${loaded.available ? "" : ` (skipped: ${loaded.reason})`}`,
  () => {
    test("give the same bits with one thread as with three, and change no input", async () => {
      const results: number[][][] = [];
      for (const threads of [1, 3]) {
        const updates = await updatesOf(threads);
        const [parameter, gradient, momentum] = [1, 2, 3].map((seed) => randomTensor(shape, seed)) as [
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
        ];
        const square = tf.square(gradient);
        const trust = { coefficient: 0.02, limit: 1 };
        const values = (tensors: readonly (tf.Tensor | null)[]) =>
          tensors.map((tensor) => [...(tensor?.dataSync() ?? [])]);
        const before = values([parameter, gradient, momentum, square]);
        const tensors = [
          ...Object.values(updates.withMomentum({ parameter, gradient, momentum, ...step, trust })),
          ...Object.values(
            updates.withMoments({
              ...{ parameter, gradient, mean: momentum, square },
              ...{ keepMean: 0.9, keepSquare: 0.99, shrink: 0.9, rate: 0.1, epsilon: 1e-3 },
            }),
          ),
        ];
        expect(values([parameter, gradient, momentum, square])).toEqual(before);
        results.push(values(tensors));
        tf.dispose([parameter, gradient, momentum, square, ...tensors.filter((tensor) => tensor !== null)]);
      }
      expect(results[1]).toEqual(results[0]);
    });

    test("scale by the ratio of norms up to the limit, and not where a norm is 0", async () => {
      const { withMomentum } = await updatesOf(2);
      const lengthOf = (gradient: number[], coefficient: number, limit: number) =>
        tf.tidy(() => {
          const { parameter, momentum } = withMomentum({
            parameter: tf.tensor1d([3, 4]),
            gradient: tf.tensor1d(gradient),
            momentum: null,
            ...{ ...step, weightDecay: 0, learningRate: 1 },
            trust: { coefficient, limit },
          });
          expect(momentum).toBeNull();
          return [...parameter.dataSync()];
        });
      // ||p|| = 5, ||g|| = 2: a step of 0.1 * 5.
      expect(lengthOf([2, 0], 0.1, Number.POSITIVE_INFINITY)).toEqual([2.5, 4]);
      expect(lengthOf([2, 0], 0.4, 0.5)).toEqual([2, 4]);
      expect(lengthOf([0, 0], 0.1, Number.POSITIVE_INFINITY)).toEqual([3, 4]);
    });

    test("refuse a gradient of another shape", async () => {
      const { withMomentum } = await updatesOf(1);
      const [parameter, gradient] = [tf.zeros([2, 3]), tf.zeros([6])];
      expect(() => withMomentum({ parameter, gradient, momentum: null, ...step, trust: null })).toThrow(
        /Shapes/,
      );
      tf.dispose([parameter, gradient]);
    });
  },
);
