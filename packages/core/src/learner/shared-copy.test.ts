import { createEngine } from "@blockwise/engine";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sharedCopy } from "./shared-copy.js";

describe.each(["cpu", "wasm"] as const)("a shared copy on %s", (name) => {
  beforeAll(async () => {
    await createEngine({ name });
  });
  afterAll(() => createEngine({ name: "cpu" }));

  it("has the values of a tensor that is freed before it, and no memory of its own", () => {
    const before = tf.memory();
    const tensor = tf.tensor2d([[1, 2, 3]]);
    const copy = sharedCopy(tensor);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers + 1);
    tensor.dispose();
    expect(copy).toBeCloseToTensor([[1, 2, 3]]);
    copy.dispose();
    expect(tf.memory()).toEqual(before);
  });

  it("is a constant to gradients", () => {
    tf.tidy(() => {
      const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.mul(x, sharedCopy(x))))(tf.tensor1d([3, 4]));
      expect(gradient).toBeCloseToTensor([3, 4]);
    });
  });
});
