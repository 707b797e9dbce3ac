import type { ExpandAndPoolTrainOptions, OperationsV1 } from "@blockwise/spec";
import { checkGradients } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { describeOnEngines, randomTensor, valueAndGradients } from "../__fixtures__/run-on-engines.js";
import { createEngine } from "../index.js";

interface ExpansionCase {
  readonly input: readonly [batch: number, height: number, width: number, channels: number];
  readonly out: number;
  readonly chunkImages: number;
}

const cases: readonly ExpansionCase[] = [
  { input: [5, 3, 4, 4], out: 9, chunkImages: 1 },
  { input: [5, 3, 4, 4], out: 9, chunkImages: 2 },
  { input: [4, 2, 2, 7], out: 16, chunkImages: 4 },
  { input: [3, 1, 1, 5], out: 3, chunkImages: 1 },
  { input: [6, 9, 7, 1], out: 8, chunkImages: 3 },
  { input: [2, 12, 12, 24], out: 65, chunkImages: 1 },
];

const affinities = [["scale", "offset"], ["scale"], ["offset"], []] as const satisfies readonly (readonly (
  | "offset"
  | "scale"
)[])[];

/** Inputs whose mean is not zero, filter, and what there is of scale and offset. */
function inputsOf({ input, out }: ExpansionCase, affine: readonly ("offset" | "scale")[]): tf.Tensor[] {
  return [
    tf.add(randomTensor(input, 1), 0.3),
    randomTensor([1, 1, input[3], out], 2),
    ...affine.map((part) => tf.add(randomTensor([out], part === "scale" ? 3 : 4), part === "scale" ? 1 : 0)),
  ];
}

function optionsOf(
  { input, out, chunkImages }: ExpansionCase,
  affine: readonly ("offset" | "scale")[],
  tensors: readonly tf.Tensor[],
): ExpandAndPoolTrainOptions {
  const part = (name: "offset" | "scale"): tf.Tensor1D | null =>
    affine.includes(name) ? (tensors[affine.indexOf(name)] as tf.Tensor1D) : null;
  const chunkBytes = chunkImages * input[1] * input[2] * out * 4;
  return { scale: part("scale"), offset: part("offset"), epsilon: 1e-5, chunkBytes };
}

function expectClose(received: readonly tf.Tensor[], expected: readonly tf.Tensor[]): void {
  expect(received.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  expected.forEach((tensor, index) => {
    // Sums of many products round by the size of the summands, which the tensor's largest element stands for.
    const largest = tf.max(tf.abs(tensor)).dataSync()[0] ?? Number.NaN;
    expect(received[index]).toBeCloseToTensor(tensor, { absolute: 2e-6 + 2e-5 * largest });
  });
}

describeOnEngines("expandAndPool", ["cpu", "wasm", "native", "node"], (name) => {
  let operations: OperationsV1;
  beforeAll(async () => {
    operations = (await createEngine({ name })).operations;
  });

  const combinations = cases.flatMap((example, index) =>
    affinities.slice(0, index === 1 ? 4 : 1).map((affine) => [example, affine] as const),
  );

  test.each(combinations)("trains as the plain composition does, %j with %j", (example, affine) =>
    tf.tidy(() => {
      const inputs = inputsOf(example, affine);
      const compute = ({ expandAndPoolTrain }: OperationsV1): tf.Tensor[] => {
        const run = (...[x, filter, ...rest]: tf.Tensor[]) =>
          expandAndPoolTrain(x as tf.Tensor4D, filter as tf.Tensor4D, optionsOf(example, affine, rest));
        const { mean, variance } = run(...inputs);
        return [mean, variance, ...valueAndGradients((...tensors) => run(...tensors).output, inputs)];
      };
      expectClose(compute(operations), compute(plainOperations(operations)));
    }),
  );

  test.each(combinations)("evaluates as the plain composition does, %j with %j", (example, affine) =>
    tf.tidy(() => {
      const inputs = inputsOf(example, affine);
      const statistics = {
        mean: randomTensor<tf.Rank.R1>([example.out], 5),
        variance: tf.add<tf.Tensor1D>(randomTensor([example.out], 6), 1),
      };
      const compute = ({ expandAndPoolEvaluate }: OperationsV1): tf.Tensor[] =>
        valueAndGradients((x, filter, ...rest) => {
          const options = { ...optionsOf(example, affine, rest), ...statistics };
          return expandAndPoolEvaluate(x as tf.Tensor4D, filter as tf.Tensor4D, options);
        }, inputs);
      expectClose(compute(operations), compute(plainOperations(operations)));
    }),
  );

  test("has the gradients of finite differences", () =>
    tf.tidy(() => {
      // An offset far from 0 holds each channel on one side of ReLU's bend.
      const offset = tf.tensor1d([4, -4, 4]);
      const f = (...[x, filter, scale, shift]: tf.Tensor[]): tf.Scalar => {
        const { output } = operations.expandAndPoolTrain(x as tf.Tensor4D, filter as tf.Tensor4D, {
          scale: scale as tf.Tensor1D,
          offset: shift as tf.Tensor1D,
          epsilon: 0.01,
          chunkBytes: 1,
        });
        // Squared: the mean of a normalised map depends on nothing but the offset.
        return tf.sum(tf.mul(tf.square(output), randomTensor(output.shape, 77)));
      };
      const inputs = [randomTensor([3, 2, 2, 2], 1), randomTensor([1, 1, 2, 3], 2), tf.ones([3]), offset];
      expect(checkGradients(f, inputs, { step: 0.01 }).worstRelativeError).toBeLessThan(1e-3);
    }));

  test("leaves no tensor but its outputs, with gradients and without", async () => {
    const [x, filter] = [
      randomTensor<tf.Rank.R4>([4, 2, 2, 3], 1),
      randomTensor<tf.Rank.R4>([1, 1, 3, 8], 2),
    ];
    const options = { scale: null, offset: null, epsilon: 1e-5, chunkBytes: 1 };
    const train = (images: tf.Tensor): tf.Tensor =>
      operations.expandAndPoolTrain(images as tf.Tensor4D, filter, options).output;
    // TensorFlow.js itself checks each operation then.
    const checked = tf.env().getBool("IS_TEST");
    tf.env().set("IS_TEST", true);
    await expect(() => {
      const { output, mean, variance } = operations.expandAndPoolTrain(x, filter, options);
      tf.dispose(operations.expandAndPoolEvaluate(x, filter, { ...options, mean, variance }));
      tf.dispose([output, mean, variance]);
      tf.tidy(() => tf.grad((images) => tf.sum(tf.square(train(images))))(x)).dispose();
    }).toLeakNoTensors();
    tf.env().set("IS_TEST", checked);
    tf.dispose([x, filter]);
  });

  test("holds no more of the expanded map for a larger batch", async () => {
    const [size, channels, out] = [8, 4, 256];
    const filter = randomTensor<tf.Rank.R4>([1, 1, channels, out], 2);
    const peakOf = async ({ expandAndPoolTrain }: OperationsV1, batch: number): Promise<number> => {
      const x = randomTensor<tf.Rank.R4>([batch, size, size, channels], 1);
      const before = tf.memory().numBytes;
      const options = { scale: null, offset: null, epsilon: 1e-5, chunkBytes: size * size * out * 4 };
      const { peakBytes } = await tf.profile(() =>
        tf.tidy(() => {
          tf.grads((images, weights) =>
            tf.sum(expandAndPoolTrain(images as tf.Tensor4D, weights as tf.Tensor4D, options).output),
          )([x, filter]);
          return tf.scalar(0);
        }),
      );
      x.dispose();
      return peakBytes - before;
    };
    const growthOf = async (subject: OperationsV1): Promise<number> =>
      (await peakOf(subject, 48)) - (await peakOf(subject, 16));
    const mapBytes = 32 * size * size * out * 4;
    // What grows are x's gradient, in chunks and in one, the pooled features, and a bit for each element of the map.
    const otherBytes = 5 * 32 * size * size * channels * 4 + 6 * 32 * out * 4 + mapBytes / 32;
    expect(await growthOf(operations)).toBeLessThan(otherBytes);
    expect(await growthOf(plainOperations(operations))).toBeGreaterThan(2 * mapBytes);
    filter.dispose();
  });
});

/** The same from convolution, batch norm and its epilogue, the engine's own. */
function plainOperations(operations: OperationsV1): OperationsV1 {
  const fused = { activation: "relu", pool: "globalAverage" } as const;
  const expand = (x: tf.Tensor4D, filter: tf.Tensor4D): tf.Tensor4D =>
    operations.conv2d(x, filter, { stride: 1, padding: 0 });
  return {
    ...operations,
    expandAndPoolTrain: (x, filter, options) =>
      operations.batchNormTrain(expand(x, filter), { ...options, ...fused }),
    expandAndPoolEvaluate: (x, filter, options) =>
      operations.batchNormEvaluate(expand(x, filter), { ...options, ...fused }),
  };
}

describe("misuse", () => {
  test.each(["cpu", "wasm"] as const)("is refused on %s", async (name) => {
    const { expandAndPoolTrain, expandAndPoolEvaluate } = (await createEngine({ name })).operations;
    const x = tf.zeros<tf.Rank.R4>([2, 4, 4, 3]);
    const filter = tf.zeros<tf.Rank.R4>([1, 1, 3, 8]);
    const options = { scale: null, offset: null, epsilon: 1e-5, chunkBytes: 1 };
    const mismatch = expect.objectContaining({ code: "BLOCKWISE_SHAPE_MISMATCH" });
    expect(() => expandAndPoolTrain(x, tf.zeros([1, 1, 4, 8]), options)).toThrow(mismatch);
    expect(() => expandAndPoolTrain(x, tf.zeros([3, 3, 3, 8]), options)).toThrow(mismatch);
    expect(() => expandAndPoolTrain(tf.zeros([2, 3]) as tf.Tensor as tf.Tensor4D, filter, options)).toThrow(
      mismatch,
    );
    expect(() => expandAndPoolTrain(x, filter, { ...options, scale: tf.zeros([3]) })).toThrow(mismatch);
    const statistics = { mean: tf.zeros<tf.Rank.R1>([8]), variance: tf.zeros<tf.Rank.R1>([3]) };
    expect(() => expandAndPoolEvaluate(x, filter, { ...options, ...statistics })).toThrow(mismatch);
    expect(() => expandAndPoolTrain(x, filter, { ...options, chunkBytes: 0 })).toThrow(
      expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION" }),
    );
  });
});
