import { createEngine } from "@blockwise/engine";
import type { ParameterLayoutV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { fromStored, storedShape, toStored } from "./stored-layout.js";

describe.each(["cpu", "wasm"] as const)("stored layout on %s", (name) => {
  it.each<[ParameterLayoutV1, number[], number[]]>([
    ["convolution", [3, 2, 4, 5], [5, 4, 3, 2]],
    ["linear", [4, 5], [5, 4]],
    ["plain", [4, 5], [4, 5]],
    ["plain", [7], [7]],
    ["plain", [], []],
  ])("%s: %o goes to a file and back bit for bit", async (layout, shape, inFile) => {
    await createEngine({ name });
    const before = tf.memory().numTensors;
    const x = tf.randomNormal(shape, 0, 1, "float32", 1);
    const stored = toStored(x, layout);
    expect(stored.shape).toEqual(inFile);
    expect(storedShape(shape, layout)).toEqual(inFile);
    const back = fromStored(stored, layout);
    expect(back.shape).toEqual(shape);
    expect(back.dataSync()).toEqual(x.dataSync());
    tf.dispose([x, back]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("puts convolutions as [out, in, height, width] and linear maps as [out, in]", async () => {
    await createEngine({ name });
    tf.tidy(() => {
      // Its value tells its place: height 1, width 1, in 10, out 100.
      const filter = tf.tensor4d([0, 100, 10, 110, 1, 101, 11, 111], [1, 2, 2, 2]);
      expect([...toStored(filter, "convolution").data]).toEqual([0, 1, 10, 11, 100, 101, 110, 111]);
      const map = tf.tensor2d([0, 1, 2, 10, 11, 12], [2, 3]);
      expect([...toStored(map, "linear").data]).toEqual([0, 10, 1, 11, 2, 12]);
    });
  });

  it("gives copies: a file's bytes and tensors do not change each other", async () => {
    await createEngine({ name });
    const x = tf.tensor1d([1, 2]);
    const { data } = toStored(x, "plain");
    data[0] = 9;
    expect(x).toBeCloseToTensor([1, 2]);
    const source = Float32Array.of(3, 4);
    const made = fromStored({ shape: [2], data: source }, "plain");
    source[0] = 9;
    expect(made).toBeCloseToTensor([3, 4]);
    tf.dispose([x, made]);
  });
});
