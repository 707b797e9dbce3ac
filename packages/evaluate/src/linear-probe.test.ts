import { generator, rootKey } from "@blockwise/random";
import { type FeatureTable, InvalidOptionError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, expect, it } from "vitest";
import { linearProbe } from "./index.js";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

it("separates separable classes on unseen rows and leaves no tensor behind", async () => {
  const living = tf.memory().numTensors;
  const { top1, protocol } = await linearProbe({ epochs: 5, batchSize: 32 }).doEvaluate({
    train: clusters(1, 200, 0.2),
    test: clusters(2, 90, 0.2),
    classCount: 3,
    seed: 1,
  });
  expect(top1).toBe(100);
  expect(tf.memory().numTensors).toBe(living);
  expect(protocol).toEqual({
    evaluator: "linear-probe",
    epochs: 5,
    batchSize: 32,
    learningRate: 0.1,
    momentum: 0.9,
    weightDecay: 1e-6,
    standardize: true,
    schedule: "cosine to 0, by epoch",
    initialDeviation: 0.01,
    score: "last epoch",
    seed: 1,
    classCount: 3,
    dim: 4,
    trainCount: 200,
    testCount: 90,
  });
  expect(JSON.parse(JSON.stringify(protocol))).toEqual(protocol);
});

it("scores chance where labels have nothing to do with the features", async () => {
  const train = clusters(1, 300, 1);
  const random = generator(rootKey(3));
  const labels = train.labels.map(() => random.integer(3));
  const test = clusters(2, 300, 1);
  const { top1 } = await linearProbe({ epochs: 3 }).doEvaluate({
    train: { ...train, labels },
    test: { ...test, labels: test.labels.map(() => random.integer(3)) },
    classCount: 3,
    seed: 1,
  });
  expect(Math.abs(top1 - 100 / 3)).toBeLessThan(10);
});

it("gives the same score for the same seed, and another for another", async () => {
  const request = { train: clusters(1, 60, 2.5), test: clusters(2, 999, 2.5), classCount: 3 };
  const probe = linearProbe({ epochs: 1, batchSize: 4 });
  const score = async (seed: number) => (await probe.doEvaluate({ ...request, seed })).top1;
  const first = await score(1);
  expect(await score(1)).toBe(first);
  expect(await score(2)).not.toBe(first);
});

it("gives the last epoch's score, not the best one", async () => {
  // Test labels are turned round: the longer the fit, the worse the score. A best-of would be at least the start's.
  const train = clusters(1, 120, 0.3);
  const test = clusters(2, 120, 0.3);
  const request = {
    train,
    test: { ...test, labels: test.labels.map((label) => (label + 1) % 3) },
    classCount: 3,
    seed: 1,
  };
  const start = await linearProbe({ epochs: 1, learningRate: 1e-12 }).doEvaluate(request);
  const end = await linearProbe({ epochs: 10 }).doEvaluate(request);
  expect(start.top1).toBeGreaterThan(0);
  expect(end.top1).toBe(0);
});

it("does not mind units or a constant dimension once standardised", async () => {
  const train = clusters(1, 100, 0.2);
  const test = clusters(2, 100, 0.2);
  const request = (change: (value: number, column: number) => number) => ({
    train: { ...train, features: train.features.map((value, place) => change(value, place % 4)) },
    test: { ...test, features: test.features.map((value, place) => change(value, place % 4)) },
    classCount: 3,
    seed: 1,
  });
  const scale = (value: number, column: number) => (column === 3 ? 0.1 : 1e4 * value + 7e4);
  const probe = linearProbe({ epochs: 3 });
  expect((await probe.doEvaluate(request(scale))).top1).toBe(100);
});

it("says so when weights diverge", async () => {
  const huge = clusters(1, 30, 1);
  const table = { ...huge, features: huge.features.map((value) => value * 1e30) };
  const thrown = linearProbe({ epochs: 3, learningRate: 1e10, standardize: false }).doEvaluate({
    train: table,
    test: table,
    classCount: 3,
    seed: 1,
  });
  await expect(thrown).rejects.toThrow(InvalidOptionError);
  await expect(thrown).rejects.toMatchObject({ option: "learningRate" });
});

it.each([
  ["epochs", { epochs: 0 }],
  ["batchSize", { batchSize: 1.5 }],
  ["learningRate", { learningRate: 0 }],
  ["momentum", { momentum: 1 }],
  ["weightDecay", { weightDecay: -1 }],
])("refuses a bad %s: %j", (option, options) => {
  expect(() => linearProbe(options)).toThrow(InvalidOptionError);
  expect(() => linearProbe(options)).toThrow(`"${option}"`);
});

/** Three classes around three corners in four dimensions. */
function clusters(seed: number, rows: number, spread: number): FeatureTable {
  const random = generator(rootKey(seed));
  const labels = Int32Array.from({ length: rows }, (_, row) => row % 3);
  const features = Float32Array.from({ length: rows * 4 }, (_, place) => {
    const corner = labels[Math.floor(place / 4)] === place % 4 ? 2 : 0;
    return corner + spread * random.normal();
  });
  return { features, dim: 4, labels };
}
