import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useCpuBackend } from "./use-cpu-backend.js";

beforeAll(useCpuBackend);

describe("toBeCloseToTensor", () => {
  it("passes and fails as the comparison does, both ways round", () => {
    expect([1, 2]).toBeCloseToTensor([1, 2.00001]);
    expect([1, 2]).not.toBeCloseToTensor([1, 2.1]);
    expect([1, 2]).toBeCloseToTensor([1, 2.1], { absolute: 0.11 });
    expect(() => expect([1, 2]).toBeCloseToTensor([1, 3])).toThrow(
      "Tensors differ: worst at [1]: expected 3",
    );
    expect(() => expect([1]).not.toBeCloseToTensor([1])).toThrow("Tensors are close");
  });
});

describe("toBeFinite", () => {
  it("names the first element that is not", () => {
    expect([[1, 2]]).toBeFinite();
    expect(0).toBeFinite();
    expect([1, Infinity]).not.toBeFinite();
    const tensor = tf.tensor2d([[1, 2, Number.NaN]]);
    expect(() => expect(tensor).toBeFinite()).toThrow("The element at [0, 2] is NaN, not finite.");
    tensor.dispose();
  });
});

describe("toLeakNoTensors", () => {
  it("counts what functions leave behind, sync or async", async () => {
    const left: tf.Tensor[] = [];
    await expect(() => tf.scalar(1).dispose()).toLeakNoTensors();
    await expect(async () => {
      const tensor = tf.scalar(1);
      await tensor.data();
      tensor.dispose();
    }).toLeakNoTensors();
    await expect(
      expect(async () => {
        await Promise.resolve();
        left.push(tf.scalar(1));
      }).toLeakNoTensors(),
    ).rejects.toThrow("Three runs left 3 tensors and 3 buffers alive.");
    tf.dispose(left);
  });
});
