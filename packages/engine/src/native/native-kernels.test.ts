import { createHash } from "node:crypto";
import { Worker } from "node:worker_threads";
import { loadLibrary } from "@blockwise/engine-native";
import { buildLibrary } from "@blockwise/engine-native/build-library";
import type { OperationsV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, test } from "vitest";
import { randomTensor, valueAndGradients } from "../__fixtures__/run-on-engines.js";
import { createEngine } from "../index.js";

const { built, file, reason } = buildLibrary();

afterAll(() => createEngine({ name: "wasm" }));

type Compute = (operations: OperationsV1) => tf.Tensor[];

/** Each kernel, with shapes that fill several tasks, end within a vector or a tile, or have nothing to sum up. */
const work: Readonly<Record<string, Compute>> = {
  "3x3, several blocks": ({ conv2d }) =>
    convolution(conv2d, [3, 19, 17, 20], [3, 3, 20, 48], { stride: 1, padding: 1 }),
  "3x3 with stride 2": ({ conv2d }) =>
    convolution(conv2d, [40, 9, 8, 17], [3, 3, 17, 33], { stride: 2, padding: 1 }),
  "7x7 stem": ({ conv2d }) => convolution(conv2d, [5, 30, 30, 3], [7, 7, 3, 20], { stride: 2, padding: 3 }),
  "1x1": ({ conv2d }) => convolution(conv2d, [6, 11, 11, 5], [1, 1, 5, 70], { stride: 1, padding: 0 }),
  "1x1 with stride 3": ({ conv2d }) =>
    convolution(conv2d, [2, 7, 8, 9], [1, 1, 9, 4], { stride: 3, padding: 0 }),
  "deep, with more summands than one pass takes": ({ conv2d }) =>
    convolution(conv2d, [2, 4, 4, 150], [3, 3, 150, 100], { stride: 1, padding: 1 }),
  "3x3 by Winograd's products with tiles of 2x2": ({ conv2d }) => [
    ...convolution(conv2d, [5, 6, 5, 64], [3, 3, 64, 80], { stride: 1, padding: 1 }),
    ...convolution(conv2d, [7, 6, 8, 400], [3, 3, 400, 64], { stride: 1, padding: 0 }),
  ],
  "3x3 by Winograd's products with tiles of 4x4": ({ conv2d }) => [
    ...convolution(conv2d, [7, 19, 17, 16], [3, 3, 16, 48], { stride: 1, padding: 1 }),
    ...convolution(conv2d, [3, 11, 13, 64], [3, 3, 64, 80], { stride: 1, padding: 1 }),
    ...convolution(conv2d, [40, 6, 6, 400], [3, 3, 400, 32], { stride: 1, padding: 0 }),
    ...convolution(conv2d, [9, 10, 12, 16], [3, 3, 16, 16], { stride: 1, padding: 2 }),
  ],
  "3x3 with few channels, whose filter's gradient Winograd's products do": ({ conv2d }) => [
    ...convolution(conv2d, [13, 15, 18, 32], [3, 3, 32, 16], { stride: 1, padding: 1 }),
    ...convolution(conv2d, [40, 3, 5, 16], [3, 3, 16, 144], { stride: 1, padding: 2 }),
  ],
  "an even filter": ({ conv2d }) =>
    convolution(conv2d, [2, 6, 6, 3], [4, 4, 3, 2], { stride: 4, padding: 2 }),
  "matrix products": () => [
    ...[false, true].flatMap((transposeA) =>
      [false, true].map((transposeB) =>
        tf.matMul(
          randomTensor(transposeA ? [401, 300] : [300, 401], 1),
          randomTensor(transposeB ? [70, 401] : [401, 70], 2),
          transposeA,
          transposeB,
        ),
      ),
    ),
    tf.matMul(randomTensor([3, 2, 5], 1), randomTensor([1, 5, 4], 2)),
    tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])),
  ],
  "batch norm": ({ batchNormTrain }) => batchNorms(batchNormTrain),
  "batch norm of one of two equal parts": ({ synchronised }) => {
    const own = synchronised?.({
      count: 2,
      sum: (values) => values.map((value) => 2 * value),
      gather: (values) => Float32Array.from([...values, ...values]),
    });
    if (own === undefined) throw new Error("The engine has no operations for a part of a batch.");
    return batchNorms(own.batchNormTrain);
  },
  expansions: ({ expandAndPoolTrain, expandAndPoolEvaluate }) =>
    [
      [5, 7, 9, 16, 130],
      [40, 4, 4, 7, 33],
      [2, 30, 31, 3, 128],
      [3, 3, 3, 90, 120],
      [3, 1, 1, 10, 20],
      [5, 7, 7, 20, 12],
    ].flatMap(([batch = 0, height = 0, width = 0, channels = 0, out = 0]) => {
      const inputs = [
        tf.add(randomTensor([batch, height, width, channels], 1), 0.3),
        randomTensor([1, 1, channels, out], 2),
        tf.add(randomTensor([out], 3), 1),
        randomTensor([out], 4),
      ];
      const options = ([scale, offset]: readonly tf.Tensor[]) => ({
        scale: scale as tf.Tensor1D,
        offset: offset as tf.Tensor1D,
        epsilon: 1e-5,
        chunkBytes: Infinity,
      });
      const train = (...[x, filter, ...affine]: tf.Tensor[]) =>
        expandAndPoolTrain(x as tf.Tensor4D, filter as tf.Tensor4D, options(affine));
      const { mean, variance } = train(...inputs);
      return [
        mean,
        variance,
        ...valueAndGradients((...tensors) => train(...tensors).output, inputs),
        ...valueAndGradients(
          (...[x, filter, ...affine]) =>
            expandAndPoolEvaluate(x as tf.Tensor4D, filter as tf.Tensor4D, {
              ...options(affine),
              mean: randomTensor([out], 5),
              variance: tf.add<tf.Tensor1D>(randomTensor([out], 6), 1),
            }),
          inputs,
        ),
      ];
    }),
  "max-pooling": ({ maxPool }) =>
    valueAndGradients(
      (x) => maxPool(x as tf.Tensor4D, { size: 3, stride: 2, padding: 1 }),
      [tf.round(tf.mul(randomTensor([5, 9, 11, 21], 1), 4))],
    ),
};

function batchNorms(batchNormTrain: OperationsV1["batchNormTrain"]): tf.Tensor[] {
  return [
    [700, 5],
    [4, 20, 20, 16],
    [3, 7, 7, 70],
  ].flatMap((shape) => {
    const channels = shape.at(-1) ?? 0;
    const inputs = [
      tf.add(randomTensor(shape, 1), 3),
      ...[2, 3].map((seed) => randomTensor([channels], seed)),
      randomTensor(shape, 4),
    ];
    const pools = shape.length === 4 ? (["none", "globalAverage"] as const) : (["none"] as const);
    return pools.flatMap((pool) =>
      [3, 4].flatMap((count) =>
        valueAndGradients(
          (...[x, scale, offset, residual]) =>
            batchNormTrain(x as tf.Tensor, {
              scale: scale as tf.Tensor1D,
              offset: offset as tf.Tensor1D,
              epsilon: 1e-5,
              activation: "relu",
              pool,
              ...(residual !== undefined && { residual }),
            }).output,
          inputs.slice(0, count),
        ),
      ),
    );
  });
}

function convolution(
  conv2d: OperationsV1["conv2d"],
  input: readonly number[],
  filter: readonly number[],
  options: Parameters<OperationsV1["conv2d"]>[2],
): tf.Tensor[] {
  return valueAndGradients(
    (x, weights) => conv2d(x as tf.Tensor4D, weights as tf.Tensor4D, options),
    [randomTensor(input, 1), randomTensor(filter, 2)],
  );
}

function valuesOf(compute: Compute, operations: OperationsV1): Float32Array[] {
  return tf.tidy(() => compute(operations).map((tensor) => tensor.dataSync<"float32">().slice()));
}

describe.skipIf(!built)(`native kernels${reason === null ? "" : ` (skipped: ${reason})`}`, () => {
  const loaded = loadLibrary();
  const instructions = loaded.available ? loaded.library.instructions() : [];

  test.each(Object.entries(work))("compute what the wasm kernels do: %s", async (_name, compute) => {
    const expected = valuesOf(compute, (await createEngine({ name: "wasm" })).operations);
    const native = await createEngine({ name: "native", threads: 2 });
    for (const name of instructions) {
      if (loaded.available) loaded.library.start(2, name);
      const received = valuesOf(compute, native.operations);
      expected.forEach((values, index) => {
        const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const worst = values.reduce(
          (most, value, place) =>
            Math.max(most, Math.abs(value - (received[index]?.[place] ?? Number.POSITIVE_INFINITY))),
          0,
        );
        expect(worst, `tensor ${index} on ${name}`).toBeLessThanOrEqual(2e-6 + 2e-5 * largest);
      });
    }
  });

  test("give the same bits with one thread as with three", async () => {
    const results: string[][] = [];
    for (const threads of [1, 3]) {
      const { operations } = await createEngine({ name: "native", threads });
      results.push(
        Object.values(work).map((compute) => {
          const hash = createHash("sha256");
          for (const values of valuesOf(compute, operations)) hash.update(values);
          return hash.digest("hex");
        }),
      );
    }
    expect(results[1]).toEqual(results[0]);
  });

  test("work in several JavaScript threads at the same time", async () => {
    const code = `
      const { parentPort, workerData } = require("node:worker_threads");
      const library = require(workerData);
      library.start(3, "");
      const heap = new ArrayBuffer(3 * 200 * 200 * 4 + 64);
      const values = new Float32Array(heap);
      for (let index = 16; index < values.length; index++) values[index] = (index % 7) - 3;
      const size = 200 * 200 * 4;
      for (let round = 0; round < 20; round++) library.multiply(heap, 64, 64 + size, 64 + 2 * size, 200, 200, 200, 0, 0);
      parentPort.postMessage(values.slice(16 + 80000));`;
    const results = await Promise.all(
      [1, 2, 3].map(
        () =>
          new Promise<Float32Array>((resolve, reject) => {
            const worker = new Worker(code, { eval: true, workerData: file });
            worker.once("message", resolve).once("error", reject);
          }),
      ),
    );
    expect(results[0]?.some((value) => value !== 0)).toBe(true);
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  test("leave the backend's own kernels as they were when another engine is made", async () => {
    await createEngine({ name: "native" });
    const native = tf.getKernel("Conv2D", "wasm")?.kernelFunc;
    await createEngine({ name: "wasm" });
    expect(tf.getKernel("Conv2D", "wasm")?.kernelFunc).not.toBe(native);
    expect(Array.from(tf.tidy(() => tf.relu(tf.tensor1d([-1, 2])).dataSync()))).toEqual([0, 2]);
  });

  test.each([0, 1.5, 4000])("refuse %d threads", async (threads) => {
    await expect(createEngine({ name: "native", threads })).rejects.toMatchObject({
      code: "BLOCKWISE_INVALID_OPTION",
    });
  });
});
