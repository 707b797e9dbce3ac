import type { BatchNormEpilogue } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import {
  describeOnEngines,
  expectSameOnEngines,
  randomTensor,
  type TestedEngine,
  valueAndGradients,
} from "../__fixtures__/run-on-engines.js";
import { createEngine } from "../index.js";

interface ConvolutionCase {
  readonly input: readonly [batch: number, height: number, width: number, channels: number];
  readonly out: number;
  readonly size: number;
  readonly stride: number;
  readonly padding: number;
}

type ComparedEngine = Exclude<TestedEngine, "cpu">;

const compared: readonly ComparedEngine[] = ["wasm", "native", "node"];

const convolutionCases: readonly ConvolutionCase[] = [
  { input: [2, 9, 9, 3], out: 4, size: 3, stride: 1, padding: 1 },
  { input: [2, 8, 8, 3], out: 8, size: 3, stride: 2, padding: 1 },
  { input: [1, 9, 7, 5], out: 17, size: 3, stride: 2, padding: 1 },
  { input: [2, 8, 8, 3], out: 4, size: 1, stride: 2, padding: 0 },
  { input: [2, 12, 12, 3], out: 4, size: 7, stride: 2, padding: 3 },
  { input: [3, 11, 10, 16], out: 16, size: 3, stride: 1, padding: 1 },
  { input: [1, 12, 12, 2], out: 4, size: 3, stride: 3, padding: 1 },
  { input: [2, 10, 10, 8], out: 9, size: 5, stride: 2, padding: 2 },
  { input: [2, 6, 6, 16], out: 128, size: 1, stride: 1, padding: 0 },
  { input: [1, 5, 5, 1], out: 5, size: 1, stride: 3, padding: 0 },
  { input: [1, 1, 1, 4], out: 3, size: 3, stride: 1, padding: 1 },
  { input: [2, 4, 4, 3], out: 2, size: 4, stride: 4, padding: 2 },
  // Larger than one block of the kernels, by rows and by images.
  { input: [1, 50, 80, 8], out: 8, size: 3, stride: 1, padding: 1 },
  { input: [40, 8, 8, 16], out: 8, size: 3, stride: 2, padding: 1 },
];

function convolutionName({ input, out, size, stride, padding }: ConvolutionCase): string {
  return `${input.join("x")} -> ${out}, ${size}x${size} / ${stride}, padding ${padding}`;
}

function expectSameConvolution(
  engine: ComparedEngine,
  { input, out, size, stride, padding }: ConvolutionCase,
): Promise<void> {
  return expectSameOnEngines(engine, ({ conv2d }) =>
    valueAndGradients(
      (x, filter) => conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, { stride, padding }),
      [randomTensor(input, 1), randomTensor([size, size, input[3], out], 2)],
    ),
  );
}

describeOnEngines("conv2d and its gradients", compared, (engine) => {
  test.each(convolutionCases.map((example) => [convolutionName(example), example] as const))(
    "%s",
    (_name, example) => expectSameConvolution(engine, example),
  );

  test("twenty random geometries", async () => {
    let state = 20240229;
    const pick = (least: number, most: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return least + (Math.floor(state / 65536) % (most - least + 1));
    };
    for (let count = 0; count < 20; count++) {
      const size = pick(1, 5);
      const padding = pick(0, size - 1);
      const least = Math.max(1, size - 2 * padding);
      const input = [pick(1, 3), pick(least, least + 8), pick(least, least + 8), pick(1, 18)] as const;
      const example = { input, out: pick(1, 18), size, stride: pick(1, 3), padding };
      await expectSameConvolution(engine, example).catch((error: unknown) => {
        throw new Error(convolutionName(example), { cause: error });
      });
    }
  });
});

describeOnEngines("maxPool and its gradient", compared, (engine) => {
  test.each([
    [[2, 7, 7, 5], 3, 2, 1],
    [[1, 8, 6, 4], 2, 2, 0],
    [[2, 9, 9, 8], 3, 3, 1],
    [[1, 4, 4, 3], 3, 1, 1],
  ] as const)("%j, size %i / %i, padding %i", (shape, size, stride, padding) =>
    expectSameOnEngines(engine, ({ maxPool }) =>
      valueAndGradients(
        (x) => maxPool(x as tf.Tensor4D, { size, stride, padding }),
        [randomTensor(shape, 1)],
      ),
    ),
  );

  test("pads with minus infinity and gives ties to the first pixel", async () => {
    const { operations } = await createEngine({ name: engine });
    const x = tf.fill([1, 3, 3, 1], -2) as tf.Tensor4D;
    const pool = (images: tf.Tensor): tf.Tensor4D =>
      operations.maxPool(images as tf.Tensor4D, { size: 3, stride: 2, padding: 1 });
    expect(Array.from(pool(x).dataSync())).toEqual([-2, -2, -2, -2]);
    const gradient = tf.grad((images) => tf.sum(pool(images)))(x);
    expect(Array.from(gradient.dataSync())).toEqual([1, 1, 0, 1, 1, 0, 0, 0, 0]);
  });
});

const epilogues: readonly {
  readonly activation: "relu" | "none";
  readonly pool: "globalAverage" | "none";
}[] = [
  { activation: "none", pool: "none" },
  { activation: "relu", pool: "none" },
  { activation: "none", pool: "globalAverage" },
  { activation: "relu", pool: "globalAverage" },
];

describeOnEngines("batch norm and its gradients", compared, (engine) => {
  const cases = [
    [7, 5],
    [33, 16],
    [2, 4, 4, 8],
    [3, 5, 5, 17],
    [2, 12, 12, 24],
  ].flatMap((shape) =>
    epilogues
      .filter(({ pool }) => pool === "none" || shape.length === 4)
      .flatMap((epilogue) => [false, true].map((residual) => [shape, epilogue, residual] as const)),
  );

  test.each(cases)("%j, %j, residual %j", async (shape, epilogue, residual) => {
    const channels = shape.at(-1) ?? 0;
    await expectSameOnEngines(engine, ({ batchNormTrain, batchNormEvaluate }) => {
      const inputs = [
        randomTensor(shape, 1),
        randomTensor([channels], 2),
        randomTensor([channels], 3),
        ...(residual ? [randomTensor(shape, 4)] : []),
      ];
      const options = ([scale, offset, added]: readonly tf.Tensor[]) => ({
        scale: scale as tf.Tensor1D,
        offset: offset as tf.Tensor1D,
        epsilon: 1e-5,
        ...epilogue,
        ...(added !== undefined && { residual: added }),
      });
      const trained = batchNormTrain(inputs[0] as tf.Tensor, options(inputs.slice(1)));
      const mean = randomTensor<tf.Rank.R1>([channels], 5);
      const variance = tf.add<tf.Tensor1D>(randomTensor([channels], 6), 1);
      return [
        trained.mean,
        trained.variance,
        ...valueAndGradients((x, ...rest) => batchNormTrain(x as tf.Tensor, options(rest)).output, inputs),
        ...valueAndGradients(
          (x, ...rest) => batchNormEvaluate(x as tf.Tensor, { ...options(rest), mean, variance }),
          inputs,
        ),
      ];
    });
  });

  test("needs neither scale nor offset", () =>
    expectSameOnEngines(engine, ({ batchNormTrain }) =>
      valueAndGradients(
        (x) => batchNormTrain(x as tf.Tensor, { scale: null, offset: null, epsilon: 1e-5 }).output,
        [randomTensor([19, 12], 1)],
      ),
    ));

  test("takes a scale without an offset", () =>
    expectSameOnEngines(engine, ({ batchNormTrain }) =>
      valueAndGradients(
        (x, scale) =>
          batchNormTrain(x as tf.Tensor, { scale: scale as tf.Tensor1D, offset: null, epsilon: 1e-5 }).output,
        [randomTensor([19, 12], 1), randomTensor([12], 2)],
      ),
    ));

  test("keeps its precision where the mean is far above the deviation", async () => {
    const { operations } = await createEngine({ name: engine });
    const rows = 100_000;
    const values = randomTensor([rows * 8], 3).dataSync();
    const shifted = Float32Array.from(values, (value) => value + 1000);
    const exact = { mean: 0, variance: 0 };
    for (let row = 0; row < rows; row++) exact.mean += (shifted[row * 8] ?? 0) / rows;
    for (let row = 0; row < rows; row++) exact.variance += ((shifted[row * 8] ?? 0) - exact.mean) ** 2 / rows;
    const { mean, variance } = operations.batchNormTrain(tf.tensor2d(shifted, [rows, 8]), {
      scale: null,
      offset: null,
      epsilon: 1e-5,
    });
    // TensorFlow adds up in float32, of which one unit is 6e-5 here; our kernels in float64.
    expect(mean.dataSync()[0]).toBeCloseTo(exact.mean, engine === "node" ? 3 : 4);
    // The naive E[x^2] - E[x]^2 in float32 is wrong here by more than the variance itself.
    expect(Math.abs((variance.dataSync()[0] ?? 0) / exact.variance - 1)).toBeLessThan(1e-5);
  });
});

describeOnEngines("misuse", ["cpu", "wasm", "native", "node"] as const, (name) => {
  test("is refused", async () => {
    const { conv2d, maxPool, batchNormTrain } = (await createEngine({ name })).operations;
    const x = tf.zeros<tf.Rank.R4>([1, 4, 4, 3]);
    const norm = (more: object): BatchNormEpilogue & Parameters<typeof batchNormTrain>[1] => ({
      scale: null,
      offset: null,
      epsilon: 1e-5,
      ...more,
    });
    const mismatch = expect.objectContaining({ code: "BLOCKWISE_SHAPE_MISMATCH" });
    const invalid = expect.objectContaining({ code: "BLOCKWISE_INVALID_OPTION" });
    expect(() => conv2d(x, tf.zeros([3, 3, 4, 8]), { stride: 1, padding: 1 })).toThrow(mismatch);
    expect(() => conv2d(x, tf.zeros([7, 7, 3, 8]), { stride: 1, padding: 1 })).toThrow(mismatch);
    expect(() => conv2d(x, tf.zeros([3, 3, 3, 8]), { stride: 0, padding: 1 })).toThrow(invalid);
    expect(() => conv2d(x, tf.zeros([3, 3, 3, 8]), { stride: 1, padding: 0.5 })).toThrow(invalid);
    expect(() => maxPool(x, { size: 2, stride: 1, padding: 2 })).toThrow(invalid);
    expect(() => batchNormTrain(tf.zeros([2, 3, 4]), norm({}))).toThrow(mismatch);
    expect(() => batchNormTrain(x, norm({ scale: tf.zeros([4]) }))).toThrow(mismatch);
    expect(() => batchNormTrain(x, norm({ residual: tf.zeros([1, 4, 4, 2]) }))).toThrow(mismatch);
    expect(() => batchNormTrain(tf.zeros([2, 3]), norm({ pool: "globalAverage" }))).toThrow(mismatch);
  });
});
