import { useCpuBackend } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { gradientsOf } from "./gradients-of.js";

beforeAll(useCpuBackend);

describe("gradientsOf", () => {
  it("is the value and its gradients, null where there is none", () => {
    tf.tidy(() => {
      const [x, unused] = [tf.tensor1d([1, 2]), tf.tensor1d([3, 4])] as const;
      const { value, gradients } = gradientsOf(() => tf.sum(tf.square(x)), [x, unused]);
      expect(value).toBeCloseToTensor(5);
      expect(gradients[0]).toBeCloseToTensor([2, 4]);
      expect(gradients[1]).toBeNull();
    });
  });

  it("leaves no tensor where the function or a gradient throws", async () => {
    const x = tf.tensor1d([1, 2]);
    const inFunction = (): tf.Scalar => {
      tf.sum(tf.square(x));
      throw new Error("forward");
    };
    const inGradient = (): tf.Scalar => {
      const hurt = tf.customGrad((input) => ({
        value: tf.sum(tf.square(input as tf.Tensor)),
        gradFunc: () => {
          throw new Error("backward");
        },
      }));
      return tf.mul<tf.Scalar>(hurt(tf.square(x)), 2);
    };
    await expect(() => {
      expect(() => gradientsOf(inFunction, [x])).toThrow("forward");
      expect(() => gradientsOf(inGradient, [x])).toThrow("backward");
    }).toLeakNoTensors();
    // The engine's tape is whole again.
    const { value, gradients } = gradientsOf(() => tf.sum(tf.square(x)), [x]);
    expect(gradients[0]).toBeCloseToTensor([2, 4]);
    tf.dispose([x, value, gradients as tf.Tensor[]]);
  });
});
