import { readFileSync } from "node:fs";
import { rootKey } from "@blockwise/random";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, describe, expect, it } from "vitest";
import { countHits } from "./count-hits.js";
import { softmaxClassifier } from "./softmax-classifier.js";

const golden: {
  readonly dim: number;
  readonly classCount: number;
  readonly batchSize: number;
  readonly options: {
    readonly learningRate: number;
    readonly momentum: number;
    readonly weightDecay: number;
  };
  readonly initial: readonly number[];
  readonly labels: readonly number[];
  readonly epochs: readonly { readonly order: readonly number[]; readonly features: readonly number[] }[];
  readonly test: { readonly features: readonly number[]; readonly labels: readonly number[] };
  readonly hits: readonly (readonly [number, number])[];
  readonly weight: readonly number[];
  readonly bias: readonly number[];
} = JSON.parse(readFileSync(new URL("./__fixtures__/linear.json", import.meta.url), "utf8"));

const { dim, classCount, batchSize, options } = golden;
const key = rootKey(3);

/** `[classCount, dim + 1]`, the bias last, of weights and biases apart. */
function joined(weight: readonly number[], bias: readonly number[]): Float32Array {
  return Float32Array.from(
    bias.flatMap((value, row) => [...weight.slice(row * dim, (row + 1) * dim), value]),
  );
}

function rowsOf(features: readonly number[], rows: readonly number[]): tf.Tensor2D {
  const values = rows.flatMap((row) => features.slice(row * dim, (row + 1) * dim));
  return tf.tensor2d(values, [rows.length, dim]);
}

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("softmaxClassifier", () => {
  it("learns from features that change every epoch as PyTorch does, hits and weights", async () => {
    const classifier = softmaxClassifier({ dim, classCount, key, ...options });
    const weights = joined(golden.initial, new Array(classCount).fill(0));
    classifier.restore({ weights, velocity: new Float32Array(weights.length) });
    const before = tf.memory().numTensors;
    for (const [epoch, { order, features }] of golden.epochs.entries()) {
      const rate = options.learningRate * 0.5 * (1 + Math.cos((Math.PI * epoch) / golden.epochs.length));
      for (let start = 0; start < order.length; start += batchSize) {
        const rows = order.slice(start, start + batchSize);
        const x = rowsOf(features, rows);
        const labels = tf.tensor1d(
          rows.map((row) => golden.labels[row] ?? -1),
          "int32",
        );
        tf.dispose([classifier.learn(x, labels, rate), x, labels]);
      }
      const test = rowsOf(golden.test.features, [...golden.test.labels.keys()]);
      const logits = classifier.logits(test);
      const { first, firstFive } = countHits(logits.dataSync(), golden.test.labels);
      expect([first, firstFive]).toEqual(golden.hits[epoch]);
      tf.dispose([test, logits]);
    }
    expect(tf.memory().numTensors).toBe(before);
    const expected = joined(golden.weight, golden.bias);
    const { weights: learnt } = await classifier.state();
    // A dozen float32 updates of weights below 2 against float64.
    for (const [place, value] of learnt.entries())
      expect(value).toBeCloseTo(expected[place] ?? Number.NaN, 5);
    classifier.dispose();
    expect(tf.memory().numTensors).toBe(before - 2);
  });

  it("begins at N(0, 0.01) and zero biases, keyed", async () => {
    const start = async (seed: number) => {
      const classifier = softmaxClassifier({ dim: 400, classCount: 10, key: rootKey(seed) });
      const { weights } = await classifier.state();
      classifier.dispose();
      return weights;
    };
    const weights = await start(1);
    expect(weights).toEqual(await start(1));
    expect(weights).not.toEqual(await start(2));
    const biases = weights.filter((_, place) => place % 401 === 400);
    expect([...biases]).toEqual(new Array(10).fill(0));
    const squares = weights.reduce((sum, value) => sum + value * value, 0);
    expect(Math.sqrt(squares / 4000)).toBeCloseTo(0.01, 3);
  });

  it("standardises by a table, and leaves out what is constant there", () => {
    // Means 2 and 7, deviation 1 of the first dimension.
    const standardizeBy = { features: Float32Array.of(1, 7, 3, 7), dim: 2 };
    const classifier = softmaxClassifier({ dim: 2, classCount: 2, key, standardizeBy });
    classifier.restore({ weights: Float32Array.of(1, 1, 0, 0, 1, 5), velocity: new Float32Array(6) });
    const x = tf.tensor2d([[2.5, 100]]);
    const logits = classifier.logits(x);
    expect([...logits.dataSync()]).toEqual([0.5, 5]);
    tf.dispose([x, logits]);
    classifier.dispose();
    expect(() => softmaxClassifier({ dim: 3, classCount: 2, key, standardizeBy })).toThrow(/\[rows, 3\]/);
  });

  it("goes on from a state as if it had never stopped", async () => {
    const straight = softmaxClassifier({ dim, classCount, key });
    const first = softmaxClassifier({ dim, classCount, key });
    const second = softmaxClassifier({ dim, classCount, key: rootKey(9) });
    const x = rowsOf(golden.test.features, [...golden.test.labels.keys()]);
    const labels = tf.tensor1d([...golden.test.labels], "int32");
    for (const classifier of [straight, straight, first]) classifier.learn(x, labels, 0.1).dispose();
    second.restore(await first.state());
    second.learn(x, labels, 0.1).dispose();
    expect(await second.state()).toEqual(await straight.state());
    tf.dispose([x, labels]);
    for (const classifier of [straight, first, second]) classifier.dispose();
  });

  it("refuses features and states of another width", () => {
    const classifier = softmaxClassifier({ dim, classCount, key });
    const x = tf.zeros([2, dim + 1]) as tf.Tensor2D;
    expect(() => classifier.logits(x)).toThrow(/\[batch, 5\]/);
    expect(() => classifier.restore({ weights: new Float32Array(3), velocity: new Float32Array(3) })).toThrow(
      /72 values/,
    );
    x.dispose();
    classifier.dispose();
  });
});

describe("countHits", () => {
  it("takes ties for the lowest class, and numbers that are none for misses", () => {
    const logits = [1, 1, 0, 0, 0, 0, 0, /* */ 0, 0, 0, 0, 0, 0, 0, /* */ Number.NaN, 3, 3, 3, 3, 3, 3];
    expect(countHits(logits, [0, 4, 1])).toEqual({ first: 1, firstFive: 3 });
    expect(countHits(logits, [1, 5, 0])).toEqual({ first: 0, firstFive: 1 });
  });
});
