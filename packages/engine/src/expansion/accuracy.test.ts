import type { BatchNormTrainResult, ExpandAndPoolTrainOptions } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { describeOnEngines, randomTensor } from "../__fixtures__/run-on-engines.js";
import { createEngine } from "../index.js";
import { wasmOperations } from "../wasm/wasm-operations.js";

const epsilon = 1e-5;

interface Results {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly output: Float64Array;
  readonly dx: Float64Array;
  readonly dfilter: Float64Array;
}

/** Expansion, norm, rectifier, average and their gradients for `dy`, all in float64. */
function exact(x: tf.Tensor4D, filter: tf.Tensor4D, dy: tf.Tensor2D): Results {
  const [batch, height, width, channels] = x.shape;
  const out = filter.shape[3];
  const pixels = height * width;
  const rows = batch * pixels;
  const [X, W, G] = [x, filter, dy].map((tensor) => tensor.dataSync()) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const at = (array: ArrayLike<number>, index: number): number => array[index] ?? Number.NaN;
  const add = (array: Float64Array, index: number, value: number): void => {
    array[index] = at(array, index) + value;
  };
  const [y, normal, h] = [0, 1, 2].map(() => new Float64Array(rows * out)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const [mean, variance, dscale, doffset] = [0, 1, 2, 3].map(() => new Float64Array(out)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const output = new Float64Array(batch * out);
  const dx = new Float64Array(rows * channels);
  const dfilter = new Float64Array(channels * out);
  const each = (visit: (row: number, d: number, place: number) => void): void => {
    for (let row = 0; row < rows; row++) for (let d = 0; d < out; d++) visit(row, d, row * out + d);
  };
  each((row, d, place) => {
    for (let c = 0; c < channels; c++) add(y, place, at(X, row * channels + c) * at(W, c * out + d));
    add(mean, d, at(y, place) / rows);
  });
  each((_, d, place) => add(variance, d, (at(y, place) - at(mean, d)) ** 2 / rows));
  each((row, d, place) => {
    normal[place] = (at(y, place) - at(mean, d)) / Math.sqrt(at(variance, d) + epsilon);
    const image = Math.floor(row / pixels) * out + d;
    if (at(normal, place) <= 0) return;
    add(output, image, at(normal, place) / pixels);
    h[place] = at(G, image) / pixels;
    add(doffset, d, at(h, place));
    add(dscale, d, at(h, place) * at(normal, place));
  });
  each((row, d, place) => {
    const taken = (at(doffset, d) + at(normal, place) * at(dscale, d)) / rows;
    const gradient = (at(h, place) - taken) / Math.sqrt(at(variance, d) + epsilon);
    for (let c = 0; c < channels; c++) {
      add(dx, row * channels + c, gradient * at(W, c * out + d));
      add(dfilter, c * out + d, gradient * at(X, row * channels + c));
    }
  });
  return { mean, variance, output, dx, dfilter };
}

type Train = (
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  options: ExpandAndPoolTrainOptions,
) => BatchNormTrainResult;

const plain: Train = (x, filter, options) =>
  wasmOperations.batchNormTrain(wasmOperations.conv2d(x, filter, { stride: 1, padding: 0 }), {
    ...options,
    activation: "relu",
    pool: "globalAverage",
  });

/** The length of each result's error over the exact one's length. */
function errors(
  train: Train,
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  dy: tf.Tensor2D,
): Record<keyof Results, number> {
  return tf.tidy(() => {
    const options = { scale: null, offset: null, epsilon, chunkBytes: 1 };
    const { output, mean, variance } = train(x, filter, options);
    const [dx, dfilter] = tf.grads((images, weights) =>
      tf.sum(tf.mul(train(images as tf.Tensor4D, weights as tf.Tensor4D, options).output, dy)),
    )([x, filter]) as [tf.Tensor, tf.Tensor];
    const expected = exact(x, filter, dy);
    const error = (name: keyof Results, tensor: tf.Tensor): number => {
      const values = tensor.dataSync();
      const length = (of: (value: number, index: number) => number): number =>
        Math.sqrt(expected[name].reduce((sum, value, index) => sum + of(value, index) ** 2, 0));
      return length((value, index) => value - (values[index] ?? Number.NaN)) / length((value) => value);
    };
    return {
      mean: error("mean", mean),
      variance: error("variance", variance),
      output: error("output", output),
      dx: error("dx", dx),
      dfilter: error("dfilter", dfilter),
    };
  });
}

const names = ["mean", "variance", "output", "dx", "dfilter"] as const;

describeOnEngines("accuracy", ["wasm", "native"], (name) => {
  /** In chunks on wasm; the native kernels expand without their map. */
  let expand: Train;
  beforeAll(async () => {
    expand = (await createEngine({ name })).operations.expandAndPoolTrain;
  });
  describe("expandAndPool against float64", () => {
    const filter = (channels: number, out: number): tf.Tensor4D => randomTensor([1, 1, channels, out], 2);

    test("is as exact as the plain composition", () =>
      tf.tidy(() => {
        const x = tf.relu(randomTensor<tf.Rank.R4>([24, 7, 7, 24], 1));
        const [w, dy] = [filter(24, 40), randomTensor<tf.Rank.R2>([24, 40], 3)];
        const [ours, theirs] = [errors(expand, x, w, dy), errors(plain, x, w, dy)];
        for (const name of names) expect(ours[name], name).toBeLessThan(Math.max(1e-6, 2 * theirs[name]));
      }));

    test("keeps its digits where means are 10,000 times the deviation, which the plain one does not", () =>
      tf.tidy(() => {
        const x = tf.add<tf.Tensor4D>(randomTensor([12, 5, 5, 8], 1), 3000);
        const [w, dy] = [filter(8, 16), randomTensor<tf.Rank.R2>([12, 16], 3)];
        const [ours, theirs] = [errors(expand, x, w, dy), errors(plain, x, w, dy)];
        expect(theirs.output).toBeGreaterThan(1e-4);
        for (const name of names) expect(ours[name], name).toBeLessThan(1e-6);
      }));

    test("measures variances that the covariance leaves to rounding", () =>
      tf.tidy(() => {
        // Inputs along (1, ..., 1), and little noise; every other filter sums to 0, and sees only the noise.
        const common = tf.mul(randomTensor([16, 6, 6, 1], 1), 30);
        const x = tf.add<tf.Tensor4D>(common, tf.mul(randomTensor([16, 6, 6, 12], 4), 0.02));
        const w = filter(12, 16);
        const across = tf.mul(tf.mean(w, 2, true), tf.tile(tf.tensor1d([0, 1]), [8]));
        const [filters, dy] = [tf.sub<tf.Tensor4D>(w, across), randomTensor<tf.Rank.R2>([16, 16], 3)];
        const { variance } = expand(x, filters, {
          scale: null,
          offset: null,
          epsilon,
          chunkBytes: 1,
        });
        const expected = exact(x, filters, dy).variance;
        variance.dataSync().forEach((value, channel) => {
          expect(value / (expected[channel] ?? 0), `channel ${channel}`).toBeCloseTo(1, 4);
        });
        const [ours, theirs] = [errors(expand, x, filters, dy), errors(plain, x, filters, dy)];
        for (const name of names) expect(ours[name], name).toBeLessThan(Math.max(1e-6, 3 * theirs[name]));
      }));

    test("gives a batch without variance its offset, and finite gradients", () =>
      tf.tidy(() => {
        const [x, w] = [tf.fill<tf.Rank.R4>([4, 3, 3, 5], 1234.567), filter(5, 6)];
        const offset = tf.tensor1d([2, -2, 0, 1, 0, 0]);
        const train = (...[images, weights]: tf.Tensor[]): tf.Tensor =>
          expand(images as tf.Tensor4D, weights as tf.Tensor4D, {
            scale: null,
            offset,
            epsilon,
            chunkBytes: 1,
          }).output;
        expect(train(x, w)).toBeCloseToTensor(tf.tile(tf.tensor2d([[2, 0, 0, 1, 0, 0]]), [4, 1]));
        for (const gradient of tf.grads((...inputs) => tf.sum(train(...inputs)))([x, w])) {
          expect(gradient).toBeFinite();
        }
      }));
  });
});
