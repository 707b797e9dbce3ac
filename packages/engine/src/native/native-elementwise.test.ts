import { loadLibrary } from "@blockwise/engine-native";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, test } from "vitest";
import { expectSameOnEngines, randomTensor, valueAndGradients } from "../__fixtures__/run-on-engines.js";
import { createEngine } from "../index.js";

const loaded = loadLibrary();

afterAll(() => createEngine({ name: "wasm" }));

/** More than two tasks, and an end within a vector. */
const shape = [401, 103];

const operations = [
  ["add", tf.add, (a: number, b: number) => a + b],
  ["sub", tf.sub, (a: number, b: number) => a - b],
  ["mul", tf.mul, (a: number, b: number) => a * b],
  ["div", tf.div, (a: number, b: number) => a / b],
] as const;

describe.skipIf(!loaded.available)(
  `elementwise operations${loaded.available ? "" : ` (skipped: ${loaded.reason})`}`,
  () => {
    test.each(operations)(
      "%s rounds once, of two tensors and with a number on either side",
      async (...of) => {
        const [, join, plain] = of;
        for (const threads of [1, 3]) {
          await createEngine({ name: "native", threads });
          tf.tidy(() => {
            const [a, b] = [randomTensor(shape, 1), randomTensor(shape, 2)] as const;
            const number = tf.scalar(0.3);
            for (const [left, right] of [
              [a, b],
              [a, number],
              [number, b],
            ] as const) {
              const [x, y] = [left.dataSync(), right.dataSync()];
              const expected = Float32Array.from({ length: a.size }, (_, index) =>
                plain(x[index % left.size] as number, y[index % right.size] as number),
              );
              const joined = join(left, right);
              expect(joined.shape).toEqual(shape);
              expect(joined.dataSync()).toEqual(expected);
            }
          });
        }
      },
    );

    test.each(operations)(
      "%s is the backend's for other broadcasts and types, with gradients",
      async (...of) => {
        const [, join] = of;
        for (const [a, b] of [
          [[3, 4], [4]],
          [
            [2, 1, 3],
            [5, 1],
          ],
          [[1, 1], [7]],
          [[4], [4]],
        ] as const) {
          await expectSameOnEngines("native", () =>
            valueAndGradients(
              (x, y) => join(x as tf.Tensor, tf.add(y as tf.Tensor, 2)),
              [randomTensor(a, 1), randomTensor(b, 2)],
            ),
          );
        }
        tf.tidy(() => {
          expect(join(tf.zeros([0, 3]), tf.ones([3])).shape).toEqual([0, 3]);
          expect(join(tf.tensor1d([6, 8], "int32"), tf.tensor1d([2, 4], "int32")).dataSync()[1]).toBe(
            of[2](8, 4),
          );
        });
      },
    );

    test("squares add up in float64, with the same bits for any number of threads", async () => {
      const sums: number[] = [];
      for (const threads of [1, 3]) {
        const { sumOfSquares } = (await createEngine({ name: "native", threads })).operations;
        if (sumOfSquares === undefined) throw new Error("The native engine adds up no squares.");
        tf.tidy(() => {
          const tensors = [randomTensor(shape, 1), tf.scalar(3), tf.zeros([0])];
          const expected = tensors
            .flatMap((tensor) => [...tensor.dataSync()])
            .reduce((sum, value) => sum + value ** 2, 0);
          sums.push(sumOfSquares(tensors));
          expect(sums.at(-1)).toBeCloseTo(expected, 9);
          // Beyond float32, but a number; and what is none.
          expect(sumOfSquares([tf.scalar(1e30)])).toBeGreaterThan(1e59);
          expect(sumOfSquares([tf.tensor1d([0, Number.NaN, 1])])).toBeNaN();
          expect(sumOfSquares([])).toBe(0);
        });
      }
      expect(sums[1]).toBe(sums[0]);
    });
  },
);
