import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, test } from "vitest";
import { randomTensor } from "../__fixtures__/run-on-engines.js";
import { createEngine } from "../index.js";
import { suitsWinograd } from "./winograd.js";

beforeEach(async () => {
  await createEngine({ name: "wasm" });
});

type Size = readonly [batch: number, height: number, width: number, channels: number];

/** Zeros above, below, left and right of an image. */
type Padding = readonly [top: number, bottom: number, left: number, right: number];

interface Case {
  readonly input: Size;
  readonly out: number;
  readonly padding: Padding;
}

function explicit([top, bottom, left, right]: Padding): tf.backend_util.ExplicitPadding {
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}

function geometryOf(
  input: Size,
  out: number,
  padding: Padding,
  filter: readonly [number, number] = [3, 3],
  stride = 1,
  dilation = 1,
): tf.backend_util.Conv2DInfo {
  const shape: [number, number, number, number] = [...filter, input[3], out];
  return tf.backend_util.computeConv2DInfo([...input], shape, stride, dilation, explicit(padding));
}

function suits(...geometry: Parameters<typeof geometryOf>): boolean {
  const info = geometryOf(...geometry);
  return suitsWinograd(info, info.outHeight, info.outWidth);
}

/** The convolution, and its gradient by the input for an output gradient `dy`, in float64. */
function exactly(
  x: tf.Tensor,
  filter: tf.Tensor,
  dy: tf.Tensor,
  { input, out, padding }: Case,
): Float64Array[] {
  const [batch, height, width, channels] = input;
  const [, outHeight = 0, outWidth = 0] = dy.shape;
  const [pixels, weights, gradients] = [x.dataSync(), filter.dataSync(), dy.dataSync()];
  const y = new Float64Array(dy.size);
  const dx = new Float64Array(x.size);
  for (let place = 0; place < batch * outHeight * outWidth * 9; place++) {
    const tap = place % 9;
    const column = Math.floor(place / 9) % outWidth;
    const row = Math.floor(place / 9 / outWidth) % outHeight;
    const image = Math.floor(place / 9 / outWidth / outHeight);
    const sourceRow = row - padding[0] + Math.floor(tap / 3);
    const sourceColumn = column - padding[2] + (tap % 3);
    if (sourceRow < 0 || sourceRow >= height || sourceColumn < 0 || sourceColumn >= width) continue;
    const source = ((image * height + sourceRow) * width + sourceColumn) * channels;
    const target = ((image * outHeight + row) * outWidth + column) * out;
    for (let channel = 0; channel < channels; channel++) {
      for (let output = 0; output < out; output++) {
        const weight = weights[(tap * channels + channel) * out + output] ?? Number.NaN;
        y[target + output] = (y[target + output] ?? 0) + weight * (pixels[source + channel] ?? Number.NaN);
        dx[source + channel] =
          (dx[source + channel] ?? 0) + weight * (gradients[target + output] ?? Number.NaN);
      }
    }
  }
  return [y, dx];
}

/** The length of the error over that of the exact result. */
function relativeError(received: tf.Tensor, exact: Float64Array): number {
  const values = received.dataSync();
  expect(values).toHaveLength(exact.length);
  return (
    Math.hypot(...exact.map((value, index) => (values[index] ?? Number.NaN) - value)) / Math.hypot(...exact)
  );
}

function operands({ input, out, padding }: Case): [x: tf.Tensor4D, filter: tf.Tensor4D, dy: tf.Tensor4D] {
  return [
    randomTensor<tf.Rank.R4>(input, 1),
    randomTensor<tf.Rank.R4>([3, 3, input[3], out], 2),
    randomTensor<tf.Rank.R4>(geometryOf(input, out, padding).outShape, 3),
  ];
}

/** The convolution and its gradient by the input, as the engine computes them. */
function convolutionOf(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  dy: tf.Tensor4D,
  padding: Padding,
): tf.Tensor4D[] {
  const convolve = (images: tf.Tensor4D): tf.Tensor4D => tf.conv2d(images, filter, 1, explicit(padding));
  return [convolve(x), tf.grad((images) => convolve(images as tf.Tensor4D))(x, dy) as tf.Tensor4D];
}

describe("Winograd's products", () => {
  test.each<Case>([
    { input: [2, 8, 8, 8], out: 8, padding: [1, 1, 1, 1] },
    { input: [3, 11, 10, 16], out: 16, padding: [1, 1, 1, 1] },
    { input: [5, 9, 14, 8], out: 12, padding: [0, 0, 0, 0] },
    { input: [4, 6, 7, 8], out: 20, padding: [2, 2, 2, 2] },
    { input: [2, 13, 9, 12], out: 8, padding: [0, 2, 1, 0] },
    // A gradient by the input that skips the first rows and columns of dy, and images between wide zeros.
    { input: [3, 8, 8, 8], out: 8, padding: [3, 4, 5, 3] },
    { input: [8, 4, 4, 8], out: 8, padding: [7, 8, 9, 9] },
    // Several blocks, the last a smaller one; blocks of fewer rows of tiles than a tile of the product has.
    { input: [45, 8, 8, 16], out: 16, padding: [1, 1, 1, 1] },
    { input: [1, 10, 104, 16], out: 100, padding: [1, 1, 1, 1] },
    // More summands than one float32 sum takes.
    { input: [2, 8, 8, 392], out: 8, padding: [1, 1, 1, 1] },
    { input: [2, 8, 8, 8], out: 776, padding: [1, 1, 1, 1] },
  ])("are a convolution and its input gradient: $input -> $out, zeros $padding", (example) => {
    const { input, out, padding } = example;
    const geometry = geometryOf(input, out, padding);
    expect(suitsWinograd(geometry, geometry.outHeight, geometry.outWidth)).toBe(true);
    expect(suitsWinograd(geometry, geometry.inHeight, geometry.inWidth)).toBe(true);
    tf.tidy(() => {
      const [x, filter, dy] = operands(example);
      const exact = exactly(x, filter, dy, example);
      convolutionOf(x, filter, dy, padding).forEach((received, index) => {
        expect(relativeError(received, exact[index] ?? new Float64Array())).toBeLessThan(1e-6);
      });
    });
  });

  test.each([16, 64, 384])("round at most 3.5 times as much as direct ones: %i channels", (channels) =>
    tf.tidy(() => {
      const example: Case = { input: [4, 8, 8, channels], out: 16, padding: [1, 1, 1, 1] };
      const [x, filter, dy] = operands(example);
      const exact = exactly(x, filter, dy, example);
      // One image at a time has too few tiles.
      expect(suits([1, 8, 8, channels], 16, example.padding)).toBe(false);
      const images = tf.unstack(x).map((image, index) => {
        const gradient = tf.slice(dy, [index, 0, 0, 0], [1, -1, -1, -1]);
        return convolutionOf(tf.expandDims(image), filter, gradient, example.padding);
      });
      convolutionOf(x, filter, dy, example.padding).forEach((received, index) => {
        const reference = exact[index] ?? new Float64Array();
        const direct = tf.concat(images.flatMap((results) => results[index] ?? []));
        const error = relativeError(received, reference);
        expect(error).toBeLessThan(3.5 * relativeError(direct, reference));
        expect(error).toBeLessThan(1e-6);
      });
    }),
  );

  test("of an image do not depend on the others of its batch", () =>
    tf.tidy(() => {
      const [x, filter, dy] = operands({ input: [45, 8, 8, 16], out: 16, padding: [1, 1, 1, 1] });
      const last = (tensor: tf.Tensor4D): tf.Tensor4D => tf.slice(tensor, [40, 0, 0, 0], [5, -1, -1, -1]);
      const whole = convolutionOf(x, filter, dy, [1, 1, 1, 1]).map((result) => last(result).dataSync());
      const part = convolutionOf(last(x), filter, last(dy), [1, 1, 1, 1]).map((result) => result.dataSync());
      expect(part).toEqual(whole);
    }));

  test("keep one scratch memory, within the budget", async () => {
    const [x, filter, dy] = operands({ input: [8, 16, 16, 64], out: 64, padding: [1, 1, 1, 1] });
    const repeat = (): void => tf.dispose(convolutionOf(x, filter, dy, [1, 1, 1, 1]));
    repeat();
    const engine = await createEngine({ name: "wasm" });
    const before = engine.memory();
    for (let count = 0; count < 3; count++) repeat();
    expect(engine.memory()).toEqual(before);
    await createEngine({ name: "wasm", memoryBudgetBytes: 1 });
    expect(repeat).toThrow(expect.objectContaining({ code: "BLOCKWISE_ENGINE_MEMORY" }));
    expect(tf.memory().numTensors).toBe(before.tensors);
    tf.dispose([x, filter, dy]);
  });
});

describe("suitsWinograd", () => {
  test("takes 3x3 taps one by one, of eight channels and more", () => {
    expect(suits([8, 8, 8, 16], 16, [1, 1, 1, 1])).toBe(true);
    expect(suits([8, 8, 8, 3], 16, [1, 1, 1, 1])).toBe(false);
    expect(suits([8, 8, 8, 4], 16, [1, 1, 1, 1])).toBe(false);
    expect(suits([8, 8, 8, 16], 4, [1, 1, 1, 1])).toBe(false);
    expect(suits([8, 8, 8, 16], 10, [1, 1, 1, 1])).toBe(false);
    expect(suits([8, 8, 8, 16], 16, [1, 1, 1, 1], [3, 1])).toBe(false);
    expect(suits([8, 8, 8, 16], 16, [2, 2, 2, 2], [5, 5])).toBe(false);
    expect(suits([8, 16, 16, 16], 16, [1, 1, 1, 1], [3, 3], 2)).toBe(false);
    expect(suits([8, 16, 16, 16], 16, [2, 2, 2, 2], [3, 3], 1, 2)).toBe(false);
  });

  test("takes maps that fill its tiles, and enough of them", () => {
    expect(suits([8, 4, 4, 16], 16, [1, 1, 1, 1])).toBe(true);
    expect(suits([7, 4, 4, 16], 16, [1, 1, 1, 1])).toBe(false);
    expect(suits([8, 3, 3, 16], 16, [1, 1, 1, 1])).toBe(true);
    expect(suits([8, 5, 5, 16], 16, [1, 1, 1, 1])).toBe(false);
    expect(suits([8, 2, 2, 16], 16, [1, 1, 1, 1])).toBe(false);
  });
});
