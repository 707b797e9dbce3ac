import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { randomTensor } from "../__fixtures__/run-on-engines.js";
import { createEngine } from "../index.js";
import { suitsWinogradFilterGradient } from "./winograd-filter-gradient.js";

interface Example {
  readonly input: readonly [batch: number, height: number, width: number, channels: number];
  readonly out: number;
  /** Zeros above, below, to the left and to the right. */
  readonly padding: readonly [top: number, bottom: number, left: number, right: number];
}

const examples: readonly Example[] = [
  { input: [3, 16, 16, 16], out: 16, padding: [1, 1, 1, 1] },
  // Not a whole number of tiles, inputs by fours only, outputs by eights only.
  { input: [3, 11, 9, 20], out: 24, padding: [1, 1, 1, 1] },
  { input: [5, 9, 14, 12], out: 8, padding: [0, 0, 0, 0] },
  { input: [6, 7, 6, 8], out: 16, padding: [2, 2, 2, 2] },
  { input: [6, 8, 7, 8], out: 8, padding: [2, 0, 1, 3] },
  // Several groups in float32, the last one shorter.
  { input: [37, 8, 32, 8], out: 8, padding: [1, 1, 1, 1] },
  // More channels than have their products held at once; two groups.
  { input: [65, 4, 4, 512], out: 40, padding: [1, 1, 1, 1] },
];

function nameOf({ input, out, padding }: Example): string {
  return `${input.join("x")} -> ${out}, padding ${padding.join(", ")}`;
}

function geometryOf(
  { input, out, padding: [top, bottom, left, right] }: Example,
  size = 3,
  stride = 1,
): tf.backend_util.Conv2DInfo {
  return tf.backend_util.computeConv2DInfo(
    [...input],
    [size, size, input[3], out],
    stride,
    1,
    [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ],
    "floor",
  );
}

/** The gradient on the active engine, and the same in float64. */
function gradientsOf(example: Example): { readonly received: Float32Array; readonly exact: number[] } {
  const { input, out, padding } = example;
  const [top, bottom, left, right] = padding;
  const [batch, height, width, channels] = input;
  const { outHeight, outWidth } = geometryOf(example);
  return tf.tidy(() => {
    const x = tf.add(randomTensor(input, 1), 0.25);
    const dy = randomTensor([batch, outHeight, outWidth, out], 2);
    const pad = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ];
    const attributes = { strides: 1, pad, dataFormat: "NHWC", dimRoundingMode: "floor" };
    const gradient = tf
      .engine()
      .runKernel(
        "Conv2DBackpropFilter",
        { x, dy },
        { ...attributes, filterShape: [3, 3, channels, out] },
      ) as tf.Tensor;
    expect(gradient.shape).toEqual([3, 3, channels, out]);
    const [inputs, gradients] = [x.dataSync(), dy.dataSync()];
    const exact = new Array<number>(9 * channels * out).fill(0);
    for (let pixel = 0; pixel < batch * outHeight * outWidth; pixel++) {
      const image = Math.floor(pixel / (outHeight * outWidth));
      for (let tap = 0; tap < 9; tap++) {
        const row = (Math.floor(pixel / outWidth) % outHeight) + Math.floor(tap / 3) - top;
        const column = (pixel % outWidth) + (tap % 3) - left;
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        const from = ((image * height + row) * width + column) * channels;
        for (let channel = 0; channel < channels; channel++) {
          const value = inputs[from + channel] ?? Number.NaN;
          const target = (tap * channels + channel) * out;
          for (let index = 0; index < out; index++) {
            exact[target + index] =
              (exact[target + index] ?? 0) + value * (gradients[pixel * out + index] ?? Number.NaN);
          }
        }
      }
    }
    return { received: gradient.dataSync<"float32">().slice(), exact };
  });
}

/** The length of the error over that of the exact gradient. */
function relativeError({ received, exact }: ReturnType<typeof gradientsOf>): number {
  const length = (values: readonly number[]): number =>
    Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
  return length(exact.map((value, index) => (received[index] ?? Number.NaN) - value)) / length(exact);
}

describe("filter gradients by Winograd's products", () => {
  beforeAll(() => createEngine({ name: "wasm" }));

  test.each(examples.map((example) => [nameOf(example), example] as const))(
    "%s: to six digits",
    (_name, example) => {
      expect(suitsWinogradFilterGradient(geometryOf(example))).toBe(true);
      const before = tf.memory().numTensors;
      // 4e-7 to 7e-7 were measured here; products in place have 1e-7 to 2.5e-7.
      expect(relativeError(gradientsOf(example))).toBeLessThan(1e-6);
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  test("do not depend on what was computed before", () => {
    const before = examples.slice(0, 6).map((example) => gradientsOf(example).received);
    const after = examples
      .slice(0, 6)
      .reverse()
      .map((example) => gradientsOf(example).received);
    expect(after.reverse()).toEqual(before);
  });

  test("are for 3x3 with stride 1, channels by fours and eights, and enough whole tiles", () => {
    const same = [1, 1, 1, 1] as const;
    const suits = (input: Example["input"], out: number, size = 3, stride = 1): boolean =>
      suitsWinogradFilterGradient(geometryOf({ input, out, padding: same }, size, stride));
    expect(suits([16, 4, 4, 8], 8)).toBe(true);
    expect(suits([15, 4, 4, 8], 8)).toBe(false);
    expect(suits([16, 4, 4, 8], 8, 5)).toBe(false);
    expect(suits([64, 8, 8, 8], 8, 3, 2)).toBe(false);
    expect(suits([16, 4, 4, 4], 8)).toBe(false);
    expect(suits([16, 4, 4, 10], 8)).toBe(false);
    expect(suits([16, 4, 4, 8], 12)).toBe(false);
    expect(suits([64, 2, 2, 8], 8)).toBe(false);
    expect(suits([0, 4, 4, 8], 8)).toBe(false);
  });
});
