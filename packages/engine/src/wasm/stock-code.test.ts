import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { beforeEach, describe, expect, test } from "vitest";
import {
  describeOnEngines,
  expectSameOnEngines,
  randomTensor,
  type TestedEngine,
  valueAndGradients,
} from "../__fixtures__/run-on-engines.js";
import { createEngine } from "../index.js";

beforeEach(async () => {
  await createEngine({ name: "wasm" });
});

const values = (tensor: tf.Tensor): number[] => Array.from(tensor.dataSync());

describe("faults of the stock wasm backend", () => {
  test("a right operand that was reshaped since its last product", () => {
    const b = tf.tensor2d([0, 1, 2, 3, 4, 5], [2, 3]);
    expect(values(tf.matMul(tf.ones([1, 2]), b))).toEqual([3, 5, 7]);
    expect(values(tf.matMul(tf.ones([1, 3]), tf.reshape(b, [3, 2])))).toEqual([6, 9]);
  });

  test.each([false, true])(
    "a fused product of a transposed operand with more than 48 summands and a bias: %j",
    (transposed) => {
      const a = tf.ones<tf.Rank.R2>([2, 100]);
      const b = tf.ones<tf.Rank.R2>([3, 100]);
      const product = transposed
        ? tf.fused.matMul({ a, b, transposeB: true, bias: tf.ones([3]), activation: "relu" })
        : tf.fused.matMul({ a, b: tf.transpose(b), bias: tf.ones([3]), activation: "relu" });
      expect(values(product)).toEqual([101, 101, 101, 101, 101, 101]);
    },
  );

  test("the gradient of gather", () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    const gradient = tf.grad((rows) => tf.sum(tf.gather(rows, tf.tensor1d([2, 0, 2], "int32"))))(x);
    expect(values(gradient)).toEqual([1, 1, 0, 0, 2, 2]);
  });

  test("a tensor that the heap has no room for", async () => {
    const budget = 64 * 2 ** 20;
    const engine = await createEngine({ name: "wasm", memoryBudgetBytes: budget });
    const small = tf.fill([1000], 7);
    const { numTensors } = tf.memory();
    const error = (() => {
      try {
        return tf.zeros([budget / 4]);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({
      code: "BLOCKWISE_ENGINE_MEMORY",
      requestedBytes: budget,
      budgetBytes: budget,
      message: expect.stringContaining("smaller batch"),
    });
    expect((error as { usedBytes: number }).usedBytes).toBeGreaterThanOrEqual(4000);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(engine.memory().budgetBytes).toBe(budget);
    expect(values(tf.add(small, 1)).every((value) => value === 8)).toBe(true);
    small.dispose();
  });

  test("a kernel whose output fits but whose scratch memory does not", async () => {
    const { operations } = await createEngine({ name: "wasm" });
    const filter = randomTensor<tf.Rank.R4>([5, 5, 64, 64], 1);
    const x = randomTensor<tf.Rank.R4>([1, 6, 6, 64], 2);
    const convolve = (): tf.Tensor4D => operations.conv2d(x, filter, { stride: 1, padding: 2 });
    await createEngine({ name: "wasm", memoryBudgetBytes: 1 });
    expect(() => tf.tidy(convolve)).toThrow(expect.objectContaining({ code: "BLOCKWISE_ENGINE_MEMORY" }));
    await createEngine({ name: "wasm" });
    const again = convolve();
    expect(again).toBeFinite();
    tf.dispose([again, filter, x]);
  });
});

describeOnEngines("stock TensorFlow.js code", ["wasm", "native"], (engine) => {
  test.each(["same", "valid", 1] as const)("convolves and differentiates with padding %j", (pad) =>
    expectSameOnEngines(engine, () =>
      [1, 2].flatMap((stride) =>
        valueAndGradients(
          (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, pad),
          [randomTensor([2, 8, 7, 3], 1), randomTensor([3, 3, 3, 5], 2)],
        ),
      ),
    ),
  );

  test("convolves with dilation, uneven padding, a bias and an activation", () =>
    expectSameOnEngines(engine, () => {
      const x = randomTensor<tf.Rank.R4>([2, 9, 8, 3], 1);
      const filter = randomTensor<tf.Rank.R4>([3, 2, 3, 5], 2);
      const bias = randomTensor([5], 3);
      return [
        tf.conv2d(x, filter, 1, "same", "NHWC", 2),
        tf.conv2d(x, filter, 2, [
          [0, 0],
          [2, 0],
          [1, 3],
          [0, 0],
        ]),
        tf.fused.conv2d({ x, filter, strides: 1, pad: "same", bias, activation: "relu" }),
        tf.fused.conv2d({ x, filter, strides: 2, pad: "valid", bias, activation: "elu" }),
      ];
    }));

  test("multiplies matrices, transposed or not, with batches that repeat", () =>
    expectSameOnEngines(engine, () =>
      [false, true].flatMap((transposeA) =>
        [false, true].flatMap((transposeB) => [
          ...valueAndGradients(
            (a, b) => tf.matMul(a as tf.Tensor, b as tf.Tensor, transposeA, transposeB),
            [
              randomTensor(transposeA ? [67, 13] : [13, 67], 1),
              randomTensor(transposeB ? [11, 67] : [67, 11], 2),
            ],
          ),
          tf.matMul(
            randomTensor(transposeA ? [3, 9, 5] : [3, 5, 9], 3),
            randomTensor(transposeB ? [1, 6, 9] : [1, 9, 6], 4),
            transposeA,
            transposeB,
          ),
        ]),
      ),
    ));

  test("trains a model of tfjs-layers as the cpu engine does", async () => {
    const expected = await trainLayersModel("cpu");
    const received = await trainLayersModel(engine);
    expect(received[3]).toBeLessThan((received[0] ?? 0) * 0.9);
    expect(received).toBeCloseToTensor(expected, { relative: 1e-3 });
  });
});

async function trainLayersModel(name: TestedEngine): Promise<number[]> {
  await createEngine({ name });
  const seeded = (seed: number): ReturnType<typeof layers.initializers.heUniform> =>
    layers.initializers.heUniform({ seed });
  const model = layers.sequential({
    layers: [
      layers.layers.conv2d({
        filters: 8,
        kernelSize: 3,
        padding: "same",
        inputShape: [8, 8, 3],
        kernelInitializer: seeded(1),
      }),
      layers.layers.batchNormalization(),
      layers.layers.activation({ activation: "relu" }),
      layers.layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" }),
      layers.layers.flatten(),
      layers.layers.dense({ units: 2, kernelInitializer: seeded(2) }),
    ],
  });
  model.compile({ optimizer: tf.train.sgd(0.002), loss: "meanSquaredError" });
  const [x, y] = [randomTensor([8, 8, 8, 3], 1), randomTensor([8, 2], 2)];
  const { history } = await model.fit(x, y, { epochs: 4, verbose: 0, shuffle: false });
  model.dispose();
  tf.dispose([x, y]);
  return (history.loss ?? []).map(Number);
}

test("two hundred steps leave no tensor and do not grow the heap", async () => {
  const engine = await createEngine({ name: "wasm" });
  const { conv2d, batchNormTrain, maxPool } = engine.operations;
  const x = randomTensor<tf.Rank.R4>([4, 16, 16, 8], 1);
  const filter = randomTensor<tf.Rank.R4>([3, 3, 8, 8], 2);
  const scale = tf.ones<tf.Rank.R1>([8]);
  const step = (): void =>
    tf.tidy(() => {
      const gradients = tf.grads((images, weights, gain) => {
        const convolved = conv2d(images as tf.Tensor4D, weights as tf.Tensor4D, { stride: 1, padding: 1 });
        const { output } = batchNormTrain(convolved, {
          scale: gain as tf.Tensor1D,
          offset: null,
          epsilon: 1e-5,
          residual: images as tf.Tensor,
          activation: "relu",
        });
        return tf.sum(maxPool(output as tf.Tensor4D, { size: 3, stride: 2, padding: 1 }));
      })([x, filter, scale]);
      expect(gradients).toHaveLength(3);
    });
  step();
  const before = engine.memory();
  for (let count = 0; count < 200; count++) step();
  expect(engine.memory()).toEqual(before);
  tf.dispose([x, filter, scale]);
});
