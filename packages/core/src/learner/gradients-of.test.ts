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

  it("differentiates gradients that the function takes, as TensorFlow.js does", () => {
    tf.tidy(() => {
      const [x, weight] = [tf.tensor1d([1, -2]), tf.tensor1d([3, 0.5])] as const;
      // The squared slope of sum(w x^3) in x: 9 w^2 x^4, whose gradient by w is 18 w x^4.
      const penalty = (w: tf.Tensor): tf.Scalar => {
        const slope = tf.grad((input: tf.Tensor) => tf.sum(tf.mul(w, tf.mul(tf.square(input), input))))(x);
        return tf.sum(tf.square(slope));
      };
      const { gradients } = gradientsOf(() => penalty(weight), [weight]);
      expect(gradients[0]).toBeCloseToTensor([18 * 3, 18 * 0.5 * 16]);
      expect([...(gradients[0]?.dataSync() ?? [])]).toEqual([...tf.grad(penalty)(weight).dataSync()]);
    });
  });

  it("refuses a gradient that is not like its input, and to be called while others are taken", async () => {
    const x = tf.tensor1d([1, 2]);
    const other = tf.customGrad((input) => ({
      value: tf.sum(input as tf.Tensor),
      gradFunc: () => tf.zeros([3]),
    }));
    await expect(() => {
      expect(() => gradientsOf(() => other(x) as tf.Scalar, [x])).toThrow(
        expect.objectContaining({ code: "BLOCKWISE_SHAPE_MISMATCH", received: [3] }),
      );
      const within = (input: tf.Tensor): tf.Scalar => gradientsOf(() => tf.sum(input), [input]).value;
      expect(() => tf.tidy(() => tf.grad(within)(x))).toThrow("while other gradients are being taken");
    }).toLeakNoTensors();
    x.dispose();
  });
});
