import { generator, rootKey } from "@blockwise/random";
import type { FeatureTable } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, expect, it } from "vitest";
import { fitLinearProbe, linearProbe } from "./index.js";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

/** Two noisy classes of two dimensions. */
function clusters(seed: number, rows: number, spread: number): FeatureTable {
  const random = generator(rootKey(seed));
  const labels = Int32Array.from({ length: rows }, (_, row) => row % 2);
  const features = Float32Array.from(
    { length: 2 * rows },
    (_, place) => 2 * (Math.floor(place / 2) % 2) + spread * random.normal(),
  );
  return { features, labels, dim: 2 };
}

it("scores tables as a probe that is fitted for each of them, and leaves no tensor behind", async () => {
  const living = tf.memory().numTensors;
  const train = clusters(1, 80, 1);
  const tables = [clusters(2, 60, 1), clusters(3, 61, 3)];
  const fitted = await fitLinearProbe({ train, classCount: 2, seed: 4 }, { epochs: 3 });
  for (const test of tables) {
    const { protocol, ...scores } = await linearProbe({ epochs: 3 }).doEvaluate({
      train,
      test,
      classCount: 2,
      seed: 4,
    });
    expect(await fitted.score(test)).toEqual(scores);
    expect({ ...fitted.protocol, testCount: test.labels.length }).toEqual(protocol);
  }
  expect((await fitted.score(clusters(2, 60, 1))).top1).toBeGreaterThan(
    (await fitted.score(clusters(3, 61, 3))).top1,
  );
  fitted.dispose();
  expect(tf.memory().numTensors).toBe(living);
});

it("refuses a table of another width, and weights that diverge", async () => {
  const train = clusters(1, 20, 1);
  const fitted = await fitLinearProbe({ train, classCount: 2, seed: 0 }, { epochs: 1 });
  await expect(
    fitted.score({ features: new Float32Array(9), dim: 3, labels: new Int32Array(3) }),
  ).rejects.toThrow(expect.objectContaining({ code: "BLOCKWISE_SHAPE_MISMATCH" }));
  fitted.dispose();
  const living = tf.memory().numTensors;
  await expect(
    fitLinearProbe(
      { train: { ...train, features: train.features.map((value) => value * 1e30) }, classCount: 2, seed: 0 },
      { epochs: 2, learningRate: 1e10, standardize: false },
    ),
  ).rejects.toThrow(expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION", option: "learningRate" }));
  expect(tf.memory().numTensors).toBe(living);
});
