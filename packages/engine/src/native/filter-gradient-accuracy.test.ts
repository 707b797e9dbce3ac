import { loadLibrary } from "@blockwise/engine-native";
import { buildLibrary } from "@blockwise/engine-native/build-library";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, test } from "vitest";
import { randomTensor } from "../__fixtures__/run-on-engines.js";
import { createEngine } from "../index.js";

const { built, reason } = buildLibrary();

afterAll(() => createEngine({ name: "wasm" }));

interface Case {
  readonly name: string;
  readonly shape: readonly [batch: number, height: number, width: number, channels: number, filters: number];
  readonly padding: number;
  /** Most that the length of the error may be of that of the gradient. */
  readonly limit: number;
}

// Seen with AVX-512: 2.5e-7, then 3.2e-7, 3.6e-7, 6.5e-7, 3.9e-7 and 6.1e-7, a tenth more with SSE.
// The points of the paper would give twice that.
const cases: readonly Case[] = [
  { name: "plain products", shape: [8, 16, 16, 16, 17], padding: 1, limit: 3e-7 },
  { name: "one block of tiles", shape: [2, 9, 7, 32, 16], padding: 1, limit: 1e-6 },
  { name: "maps with padding on one side of a tile", shape: [3, 11, 14, 48, 80], padding: 0, limit: 1e-6 },
  { name: "groups of blocks", shape: [24, 32, 30, 16, 16], padding: 1, limit: 1e-6 },
  { name: "shares of channels", shape: [32, 4, 4, 144, 80], padding: 1, limit: 1e-6 },
  { name: "sums in float64 within a group", shape: [800, 2, 4, 512, 512], padding: 1, limit: 1e-6 },
];

/** One element of the gradient in float64, and what it is of the values of `x` and `dy`. */
function exactElement(
  { shape: [batch, height, width, channels, filters], padding }: Case,
  x: Float32Array,
  dy: Float32Array,
  place: number,
): number {
  const filter = place % filters;
  const channel = Math.floor(place / filters) % channels;
  const tap = Math.floor(place / filters / channels);
  const [high, wide] = [Math.floor(tap / 3) - padding, (tap % 3) - padding];
  const [rows, columns] = [height + 2 * padding - 2, width + 2 * padding - 2];
  let sum = 0;
  for (let image = 0; image < batch; image++)
    for (let row = Math.max(0, -high); row < Math.min(rows, height - high); row++)
      for (let column = Math.max(0, -wide); column < Math.min(columns, width - wide); column++) {
        const input = (image * height + row + high) * width + column + wide;
        const output = (image * rows + row) * columns + column;
        sum += (x[input * channels + channel] ?? Number.NaN) * (dy[output * filters + filter] ?? Number.NaN);
      }
  return sum;
}

describe.skipIf(!built)(`errors of filter gradients${reason === null ? "" : ` (skipped: ${reason})`}`, () => {
  const loaded = loadLibrary();
  const instructions = loaded.available ? loaded.library.instructions() : [];

  test.each(cases)("$name", async (each) => {
    const { shape, padding, limit } = each;
    const [batch, height, width, channels, filters] = shape;
    const { operations } = await createEngine({ name: "native", threads: 2 });
    tf.tidy(() => {
      // Not centred, as behind a rectifier.
      const x = tf.add(randomTensor<tf.Rank.R4>([batch, height, width, channels], 1), 0.3) as tf.Tensor4D;
      const dy = randomTensor([batch, height + 2 * padding - 2, width + 2 * padding - 2, filters], 2);
      const gradient = tf.grad((filter) =>
        operations.conv2d(x, filter as tf.Tensor4D, { stride: 1, padding }),
      );
      const [inputs, outputs] = [x.dataSync<"float32">(), dy.dataSync<"float32">()];
      // Every element of a small gradient, of a large one some hundreds, of all taps and places in a vector.
      const size = 9 * channels * filters;
      const stride = Math.max(1, Math.floor(size / 700)) | 1;
      const places = Array.from({ length: Math.ceil(size / stride) }, (_, index) => index * stride);
      const exact = places.map((place) => exactElement(each, inputs, outputs, place));
      for (const name of instructions) {
        if (loaded.available) loaded.library.start(2, name);
        const received = gradient(tf.zeros([3, 3, channels, filters]), dy).dataSync<"float32">();
        const errors = exact.map((value, index) => value - (received[places[index] ?? -1] ?? Number.NaN));
        expect(Math.hypot(...errors) / Math.hypot(...exact), `on ${name}`).toBeLessThan(limit);
      }
    });
  });
});
