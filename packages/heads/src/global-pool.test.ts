import { createLayerSubject, useCpuBackend } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { globalPool } from "./global-pool.js";

beforeAll(useCpuBackend);

it("averages over height and width, with no parameters", () => {
  const layer = globalPool().doCreate({ inputShape: [2, 1, 2] });
  expect([layer.parameters, layer.buffers]).toEqual([[], []]);
  const subject = createLayerSubject(layer);
  tf.tidy(() => {
    const x = tf.tensor4d([1, 10, 3, 30, 5, 50, 7, 70], [2, 2, 1, 2]);
    expect(subject.apply(x)).toBeCloseToTensor([
      [2, 20],
      [6, 60],
    ]);
  });
});

it("gives one value a channel and refuses what is no map", () => {
  const layer = globalPool().doCreate({ inputShape: [4, 4, 7] });
  expect(layer.outputShape([4, 4, 7])).toEqual([7]);
  expect(() => layer.outputShape([7])).toThrow("must have shape [height, width, channels], but has [7]");
});

it("says what it is", () => {
  expect(globalPool()).toMatchObject({
    specificationVersion: "v1",
    kind: "head",
    id: "global-pool",
    options: {},
  });
});
