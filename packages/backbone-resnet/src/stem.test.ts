import { createEngine } from "@blockwise/engine";
import { createLayerSubject } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { stem } from "./stem.js";

describe.each(["cpu", "wasm"] as const)("stem on %s", (name) => {
  it.each(["cifar", "imagenet"] as const)("%s: is what its definition says", async (kind) => {
    const { operations } = await createEngine({ name });
    const layer = stem({ kind, inChannels: 3, width: 4 });
    const subject = createLayerSubject(layer, operations);
    tf.tidy(() => {
      const x = tf.randomNormal([2, 9, 12, 3], 0, 1, "float32", 1) as tf.Tensor4D;
      const filter = subject.parameters.get("conv1.weight") as tf.Tensor4D;
      const [stride, padding] = kind === "cifar" ? [1, 1] : [2, 3];
      const map = tf.conv2d(x, filter, stride, padding, "NHWC", 1, "floor");
      const { mean, variance } = tf.moments(map, [0, 1, 2]);
      const active = tf.relu(tf.div(tf.sub(map, mean), tf.sqrt(tf.add(variance, 1e-5)))) as tf.Tensor4D;
      const expected = kind === "cifar" ? active : tf.maxPool(active, 3, 2, 1, "floor");
      const output = subject.apply(x);
      expect(output).toBeCloseToTensor(expected, { absolute: 2e-5 });
      expect(output.shape.slice(1)).toEqual(layer.outputShape([9, 12, 3]));
      expect(() => subject.apply(tf.ones([1, 8, 8, 1]))).toThrow(
        expect.objectContaining({ code: "BLOCKWISE_SHAPE_MISMATCH", received: [1, 8, 8, 1] }),
      );
    });
    subject.dispose();
  });
});
