import { readFileSync } from "node:fs";
import { fold, permutation, rootKey } from "@blockwise/random";
import type { FeatureTable } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, it } from "vitest";
import { countTableHits, fitSoftmaxRegression } from "./softmax-regression.js";
import { noStandardization, standardizationOf } from "./standardization.js";

const reference: {
  readonly dim: number;
  readonly classCount: number;
  readonly features: readonly number[];
  readonly labels: readonly number[];
  readonly probe: {
    readonly options: {
      readonly epochs: number;
      readonly learningRate: number;
      readonly momentum: number;
      readonly weightDecay: number;
    };
    readonly weights: readonly number[];
  };
} = JSON.parse(readFileSync(new URL("./__fixtures__/reference.json", import.meta.url), "utf8"));

const { dim, classCount, probe } = reference;
const table: FeatureTable = {
  dim,
  features: Float32Array.from(reference.features),
  labels: Int32Array.from(reference.labels),
};
const rows = table.labels.length;
const key = rootKey(7);

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("fitSoftmaxRegression", () => {
  it("gives PyTorch's weights after forty full batches, bias included", async () => {
    const weights = await fitSoftmaxRegression(
      { train: table, standardization: standardizationOf(table), classCount, key },
      { ...probe.options, batchSize: rows, initialDeviation: 0 },
    );
    // Forty float32 updates of weights near 1 against float64.
    expect(largestDifference(weights, probe.weights)).toBeLessThan(1e-5);
    weights.dispose();
  });

  it("takes shuffled batches, a smaller one last, as a plain loop does", async () => {
    const options = { epochs: 3, batchSize: 40, learningRate: 0.2, momentum: 0.8, weightDecay: 0.01 };
    const weights = await fitSoftmaxRegression(
      { train: table, standardization: standardizationOf(table), classCount, key },
      { ...options, initialDeviation: 0 },
    );
    expect(largestDifference(weights, plainFit(options))).toBeLessThan(1e-5);
    weights.dispose();
  });

  it("begins as N(0, deviation^2) with a bias of 0", async () => {
    const wide: FeatureTable = {
      dim: 2000,
      features: new Float32Array(2 * 2000),
      labels: Int32Array.of(0, 1),
    };
    const weights = await fitSoftmaxRegression(
      { train: wide, standardization: noStandardization(2000), classCount: 2, key },
      { epochs: 1, batchSize: 2, learningRate: 1e-30, momentum: 0, weightDecay: 0, initialDeviation: 0.01 },
    );
    const values = [...weights.dataSync()];
    const bias = values.filter((_, place) => place % 2001 === 2000);
    const noise = values.filter((_, place) => place % 2001 !== 2000);
    const deviation = Math.sqrt(noise.reduce((sum, value) => sum + value ** 2, 0) / noise.length);
    expect(Math.max(...bias.map(Math.abs))).toBeLessThan(1e-20);
    expect(deviation / 0.01).toBeCloseTo(1, 1);
    weights.dispose();
  });

  it("frees its tensors when a step fails", async () => {
    const living = tf.memory().numTensors;
    await expect(
      fitSoftmaxRegression(
        {
          train: { ...table, labels: new Proxy(table.labels, { get: failAfterLength }) },
          standardization: standardizationOf(table),
          classCount,
          key,
        },
        { ...probe.options, batchSize: 32, initialDeviation: 0.01 },
      ),
    ).rejects.toThrow("no more labels");
    expect(tf.memory().numTensors).toBe(living);
  });
});

it("countTableHits counts across uneven batches", async () => {
  // Class 0 wins where the only feature is above 0.
  const weights = tf.tensor2d([1, 0, -1, 0], [2, 2]);
  const small: FeatureTable = {
    dim: 1,
    features: Float32Array.of(1, -1, 2, -2, 3),
    labels: Int32Array.of(0, 1, 0, 0, 1),
  };
  expect(await countTableHits(weights, small, noStandardization(1), 2)).toEqual({ first: 3, firstFive: 5 });
  weights.dispose();
});

function failAfterLength(target: Int32Array, property: string | symbol): unknown {
  if (property === "length") return target.length;
  throw new Error("no more labels");
}

function largestDifference(weights: tf.Tensor2D, expected: readonly number[]): number {
  const values = weights.dataSync();
  expect(values.length).toBe(expected.length);
  return Math.max(...expected.map((value, place) => Math.abs(value - (values[place] ?? Number.NaN))));
}

/** The same in float64 with separate weights and bias, one sample at a time. */
function plainFit(options: {
  epochs: number;
  batchSize: number;
  learningRate: number;
  momentum: number;
  weightDecay: number;
}): number[] {
  const { mean, scale } = standardizationOf(table);
  const x = Array.from({ length: rows }, (_, row) => [
    ...Array.from(
      table.features.subarray(row * dim, (row + 1) * dim),
      (value, column) => (value - (mean[column] ?? 0)) * (scale[column] ?? 0),
    ),
    1,
  ]);
  const zeros = () => Array.from({ length: classCount }, () => new Array<number>(dim + 1).fill(0));
  let weights = zeros();
  let velocity = zeros();
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const rate = (options.learningRate * (1 + Math.cos((Math.PI * epoch) / options.epochs))) / 2;
    const order = [...permutation(fold(key, "order", epoch), rows)];
    while (order.length > 0) {
      const batch = order.splice(0, options.batchSize);
      const gradient = weights.map((line) => line.map((value) => options.weightDecay * value));
      for (const row of batch) {
        const sample = x[row] ?? [];
        const scores = weights.map((line) =>
          Math.exp(line.reduce((sum, value, column) => sum + value * (sample[column] ?? 0), 0)),
        );
        const total = scores.reduce((sum, value) => sum + value, 0);
        for (const [label, line] of gradient.entries()) {
          const error = (scores[label] ?? 0) / total - (table.labels[row] === label ? 1 : 0);
          for (const column of line.keys()) {
            line[column] = (line[column] ?? 0) + (error * (sample[column] ?? 0)) / batch.length;
          }
        }
      }
      velocity = velocity.map((line, label) =>
        line.map((value, column) => options.momentum * value + (gradient[label]?.[column] ?? 0)),
      );
      weights = weights.map((line, label) =>
        line.map((value, column) => value - rate * (velocity[label]?.[column] ?? 0)),
      );
    }
  }
  return weights.flat();
}
