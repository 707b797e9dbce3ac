import { useCpuBackend } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { patchesOf } from "./patches.js";

beforeAll(useCpuBackend);

/** Row by row: 0, 1, 2, ... in one sample of one channel. */
const counting = (height: number, width: number): tf.Tensor4D =>
  tf.reshape(tf.range(0, height * width), [1, height, width, 1]);

describe("patchesOf", () => {
  it("moves the batch behind the places where there are as many patches as pixels", () => {
    tf.tidy(() => {
      const map = tf.randomNormal<tf.Rank.R4>([2, 3, 4, 5]);
      expect(patchesOf(map, 3, 4)).toBeCloseToTensor(tf.transpose(map, [1, 2, 0, 3]), { absolute: 0 });
    });
  });

  it("averages even patches", () => {
    tf.tidy(() => {
      const patches = tf.reshape(patchesOf(counting(4, 4), 2, 2), [2, 2]);
      expect(patches).toBeCloseToTensor([
        [2.5, 4.5],
        [10.5, 12.5],
      ]);
    });
  });

  it("lets uneven patches overlap by a pixel, as PyTorch does", () => {
    tf.tidy(() => {
      expect(tf.reshape(patchesOf(counting(5, 1), 2, 1), [2])).toBeCloseToTensor([1, 3]);
      expect(tf.reshape(patchesOf(counting(1, 5), 1, 3), [3])).toBeCloseToTensor([0.5, 2, 3.5]);
    });
  });
});
