import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { describeOnEngines, randomTensor } from "../__fixtures__/run-on-engines.js";
import { createEngine } from "../index.js";
import { wasmOperations } from "./wasm-operations.js";

/** The length of the error over that of the exact result. */
function relativeError(received: tf.Tensor, exact: ArrayLike<number>): number {
  const values = received.dataSync();
  expect(values).toHaveLength(exact.length);
  const length = (each: (value: number, index: number) => number): number =>
    Math.hypot(...Array.from(exact, each));
  return length((value, index) => value - (values[index] ?? Number.NaN)) / length((value) => value);
}

/** Sums over all axes but those in `kept`, in float64. */
function exactSums(x: tf.Tensor, kept: readonly number[], each: (value: number) => number): number[] {
  const sums = new Array<number>(kept.reduce((size, axis) => size * (x.shape[axis] ?? 0), 1)).fill(0);
  const strides = x.shape.map((_, axis) => tf.util.sizeFromShape(x.shape.slice(axis + 1)));
  x.dataSync().forEach((value, index) => {
    const target = kept.reduce((place, axis) => {
      const length = x.shape[axis] ?? 0;
      return place * length + (Math.floor(index / (strides[axis] ?? 1)) % length);
    }, 0);
    sums[target] = (sums[target] ?? 0) + each(value);
  });
  return sums;
}

describeOnEngines("accuracy", ["wasm", "native"], (name) => {
  beforeAll(() => createEngine({ name }));
  describe("sums and means", () => {
    test("keep a million ones beside 1e8", () =>
      tf.tidy(() => {
        const x = tf.concat([tf.tensor1d([1e8]), tf.ones<tf.Rank.R1>([1_000_000])]);
        expect(tf.sum(x).dataSync()[0]).toBe(101_000_000);
        expect(tf.sum(tf.reshape(x, [-1, 1]), 0).dataSync()[0]).toBe(101_000_000);
      }));

    test("average a million large numbers", () =>
      tf.tidy(() => {
        const x = tf.add(randomTensor([1_000_000], 1), 1000);
        const [sum = 0] = exactSums(x, [], (value) => value);
        expect(tf.mean(x).dataSync()[0]).toBe(Math.fround(sum / 1e6));
        expect(relativeError(tf.moments(x).variance, [1 / 12])).toBeLessThan(2e-3);
      }));

    test.each<[number[], number[]]>([
      [[7], []],
      [[], []],
      [[5, 13], [0]],
      [[5, 13], [1]],
      [[9, 1], [0]],
      [[4, 5, 6], [1]],
      [
        [4, 5, 7],
        [0, 2],
      ],
      [
        [3, 4, 5, 6],
        [0, 2],
      ],
      [
        [3, 4, 5, 6],
        [1, 3],
      ],
      [
        [3, 1, 5, 6],
        [0, 3],
      ],
      [
        [2, 3, 2, 3, 2],
        [0, 2, 4],
      ],
      [
        [2, 3, 2, 3, 2],
        [1, 3],
      ],
      [
        [33, 8, 8, 16],
        [0, 1, 2],
      ],
    ])("of %j over %j are exact to the last digit", (shape, axes) =>
      tf.tidy(() => {
        const x = randomTensor(shape, 3);
        const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
        const exact = exactSums(x, kept, (value) => value);
        const count = tf.util.sizeFromShape(shape) / exact.length;
        const sum = tf.sum(x, axes);
        expect(sum.shape).toEqual(kept.map((axis) => shape[axis]));
        expect([...sum.dataSync()]).toEqual(exact.map(Math.fround));
        const mean = tf.mean(x, axes, true);
        expect(mean.shape).toEqual(shape.map((length, axis) => (axes.includes(axis) ? 1 : length)));
        expect(
          relativeError(
            mean,
            exact.map((value) => value / count),
          ),
        ).toBeLessThan(1e-7);
      }),
    );

    test("of nothing, of integers and of truth values are those of the cpu engine", async () => {
      const compute = (): unknown[] =>
        tf.tidy(() => [
          tf.sum(tf.zeros([0, 3]), 0).arraySync(),
          tf.sum(tf.zeros([3, 0]), 0).shape,
          tf.sum(tf.tensor2d([[1, 2, 16_777_217]], [1, 3], "int32")).arraySync(),
          tf.sum(tf.tensor1d([1, 2], "int32")).dtype,
          tf
            .mean(
              tf.tensor2d(
                [
                  [1, 2],
                  [4, 6],
                ],
                [2, 2],
                "int32",
              ),
              0,
            )
            .arraySync(),
          tf.sum(tf.tensor1d([true, false, true], "bool")).arraySync(),
          tf.mean(tf.tensor1d([true, false, true, true], "bool")).arraySync(),
        ]);
      await createEngine({ name: "cpu" });
      const expected = compute();
      await createEngine({ name: "wasm" });
      expect(compute()).toEqual(expected);
    });
  });

  describe("training batch norm", () => {
    test.each([
      { shape: [50_000, 3], around: 0.5 },
      { shape: [8, 16, 16, 8], around: 0.5 },
      { shape: [16, 40], around: 3 },
      { shape: [70, 9], around: -100 },
    ])("has the statistics of $shape to the last digit", ({ shape, around }) =>
      tf.tidy(() => {
        const x = tf.add(randomTensor(shape, 5), around);
        const channel = shape.length - 1;
        const rows = x.size / (shape[channel] ?? 1);
        const { mean, variance } = wasmOperations.batchNormTrain(x, {
          scale: null,
          offset: null,
          epsilon: 1e-5,
        });
        const means = exactSums(x, [channel], (value) => value / rows);
        expect(relativeError(mean, means)).toBeLessThan(1e-7);
        const squares = exactSums(x, [channel], (value) => (value - around) ** 2 / rows);
        const variances = squares.map((square, index) => square - ((means[index] ?? 0) - around) ** 2);
        expect(relativeError(variance, variances)).toBeLessThan(2e-7);
      }),
    );

    test("keeps the variance when its first row lies far off", () =>
      tf.tidy(() => {
        const x = tf.concat([tf.fill([1, 8], 50), randomTensor([511, 8], 5)]);
        const { variance } = wasmOperations.batchNormTrain(x, { scale: null, offset: null, epsilon: 1e-5 });
        const means = exactSums(x, [1], (value) => value / 512);
        const squares = exactSums(x, [1], (value) => value ** 2 / 512);
        expect(
          relativeError(
            variance,
            squares.map((square, index) => square - (means[index] ?? 0) ** 2),
          ),
        ).toBeLessThan(5e-7);
      }));

    test("adds up the gradients of scale and offset", () =>
      tf.tidy(() => {
        const x = randomTensor([50_000, 8], 6);
        const weights = tf.add(tf.add(randomTensor(x.shape, 7), tf.mul(x, 0.5)), 0.2);
        const loss = (scale: tf.Tensor, offset: tf.Tensor): tf.Scalar => {
          const options = { scale: scale as tf.Tensor1D, offset: offset as tf.Tensor1D, epsilon: 1e-5 };
          return tf.sum(tf.mul(wasmOperations.batchNormTrain(x, options).output, weights));
        };
        const [scale, offset] = tf.grads(loss)([tf.ones([8]), tf.zeros([8])]) as [tf.Tensor, tf.Tensor];
        expect(
          relativeError(
            offset,
            exactSums(weights, [1], (value) => value),
          ),
        ).toBeLessThan(1e-7);
        const { mean, variance } = tf.moments(x, 0);
        const [means, variances, factors] = [mean.dataSync(), variance.dataSync(), weights.dataSync()];
        const exact = new Array<number>(8).fill(0);
        x.dataSync().forEach((value, index) => {
          const normal = (value - (means[index % 8] ?? 0)) / Math.sqrt((variances[index % 8] ?? 0) + 1e-5);
          exact[index % 8] = (exact[index % 8] ?? 0) + normal * (factors[index] ?? 0);
        });
        expect(relativeError(scale, exact)).toBeLessThan(2e-7);
      }));
  });

  describe("products", () => {
    test("with many summands", () =>
      tf.tidy(() => {
        const [m, k, n] = [7, 4000, 9];
        const [a, b] = [tf.add(randomTensor([m, k], 1), 0.5), tf.add(randomTensor([k, n], 2), 0.5)];
        const [left, right] = [a.dataSync(), b.dataSync()];
        const exact = Array.from({ length: m * n }, (_, place) => {
          let sum = 0;
          for (let index = 0; index < k; index++) {
            sum += (left[Math.floor(place / n) * k + index] ?? 0) * (right[index * n + (place % n)] ?? 0);
          }
          return sum;
        });
        expect(relativeError(tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D), exact)).toBeLessThan(4e-7);
      }));

    test("in the filter gradient of 1e5 pixels", () =>
      tf.tidy(() => {
        const pixels = 100_000;
        const x = tf.add(randomTensor<tf.Rank.R4>([25, 50, 80, 3], 1), 0.5) as tf.Tensor4D;
        const dy = tf.add(randomTensor<tf.Rank.R4>([25, 50, 80, 2], 2), 0.5);
        const [gradient] = tf.grads((filter) =>
          tf.sum(tf.mul(wasmOperations.conv2d(x, filter as tf.Tensor4D, { stride: 1, padding: 0 }), dy)),
        )([tf.zeros([1, 1, 3, 2])]) as [tf.Tensor];
        const [inputs, gradients] = [x.dataSync(), dy.dataSync()];
        const exact = new Array<number>(6).fill(0);
        for (let pixel = 0; pixel < pixels; pixel++) {
          for (let place = 0; place < 6; place++) {
            const product =
              (inputs[pixel * 3 + (place >> 1)] ?? 0) * (gradients[pixel * 2 + (place & 1)] ?? 0);
            exact[place] = (exact[place] ?? 0) + product;
          }
        }
        expect(relativeError(gradient, exact)).toBeLessThan(3e-7);
      }));
  });
});
