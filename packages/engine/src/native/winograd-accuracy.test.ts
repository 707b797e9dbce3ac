import { loadLibrary } from "@blockwise/engine-native";
import { buildLibrary } from "@blockwise/engine-native/build-library";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, test } from "vitest";
import { randomTensor } from "../__fixtures__/run-on-engines.js";
import { createEngine } from "../index.js";

const { built, reason } = buildLibrary();

afterAll(() => createEngine({ name: "wasm" }));

/** A square map, channels in and out, and the most that the length of the error may be of that of the result, both ways. */
interface Case {
  readonly name: string;
  readonly shape: readonly [batch: number, size: number, channels: number, filters: number];
  readonly limit: number;
}

// Seen: 2.1, 3.8, 5.4, 6.8, 8.4 and 13 e-7 at most, on SSE. The points of the paper would give twice the last four.
const cases: readonly Case[] = [
  { name: "plain sums", shape: [4, 16, 17, 16], limit: 2.5e-7 },
  { name: "tiles of 2x2", shape: [4, 6, 128, 128], limit: 4.5e-7 },
  { name: "tiles of 4x4, 16 channels", shape: [4, 32, 16, 16], limit: 6.5e-7 },
  { name: "tiles of 4x4, 32 channels", shape: [4, 16, 32, 32], limit: 8e-7 },
  { name: "tiles of 4x4, 64 channels", shape: [16, 8, 64, 64], limit: 1e-6 },
  { name: "tiles of 4x4, 128 channels", shape: [64, 4, 128, 128], limit: 1.5e-6 },
];

/** The first image of a 3x3 correlation between zeros, in float64; `filter [3, 3, channels, filters]`. */
function exact(
  x: Float32Array,
  filter: Float32Array,
  size: number,
  channels: number,
  filters: number,
): Float64Array {
  const y = new Float64Array(size * size * filters);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      for (let tap = 0; tap < 9; tap++) {
        const fromRow = row + Math.floor(tap / 3) - 1;
        const fromColumn = column + (tap % 3) - 1;
        if (fromRow < 0 || fromRow >= size || fromColumn < 0 || fromColumn >= size) continue;
        for (let channel = 0; channel < channels; channel++) {
          const value = x[(fromRow * size + fromColumn) * channels + channel] ?? Number.NaN;
          for (let out = 0; out < filters; out++) {
            const place = (row * size + column) * filters + out;
            y[place] =
              (y[place] ?? 0) + value * (filter[(tap * channels + channel) * filters + out] ?? Number.NaN);
          }
        }
      }
  return y;
}

function relativeError(received: Float32Array, expected: Float64Array): number {
  let error = 0;
  let length = 0;
  expected.forEach((value, index) => {
    error += (value - (received[index] ?? Number.NaN)) ** 2;
    length += value ** 2;
  });
  return Math.sqrt(error / length);
}

describe.skipIf(!built)(`errors of 3x3 convolutions${reason === null ? "" : ` (skipped: ${reason})`}`, () => {
  const loaded = loadLibrary();
  const instructions = loaded.available ? loaded.library.instructions() : [];

  test.each(cases)("$name", async ({ shape: [batch, size, channels, filters], limit }) => {
    const { operations } = await createEngine({ name: "native", threads: 2 });
    tf.tidy(() => {
      const filter = randomTensor<tf.Rank.R4>([3, 3, channels, filters], 2);
      const x = randomTensor<tf.Rank.R4>([batch, size, size, channels], 1);
      const dy = randomTensor<tf.Rank.R4>([batch, size, size, filters], 3);
      const flipped = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
      const values = (tensor: tf.Tensor) => tensor.dataSync<"float32">().slice();
      const y = exact(values(x), values(filter), size, channels, filters);
      const dx = exact(values(dy), values(flipped), size, filters, channels);
      const convolve = (input: tf.Tensor4D) => operations.conv2d(input, filter, { stride: 1, padding: 1 });
      for (const name of instructions) {
        if (loaded.available) loaded.library.start(2, name);
        expect(relativeError(values(convolve(x)), y), `output on ${name}`).toBeLessThan(limit);
        const gradient = tf.grad((input) => convolve(input as tf.Tensor4D))(x, dy);
        expect(relativeError(values(gradient), dx), `input gradient on ${name}`).toBeLessThan(limit);
      }
    });
  });
});
