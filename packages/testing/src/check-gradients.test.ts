import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { checkGradients } from "./check-gradients.js";
import { useCpuBackend } from "./use-cpu-backend.js";

beforeAll(useCpuBackend);

/** `factor = 1` has the right gradient. */
const squareWith = (factor: number): ((x: tf.Tensor) => tf.Tensor) =>
  tf.customGrad((x: tf.Tensor | tf.GradSaveFunc) => {
    const input = x as tf.Tensor;
    return {
      value: tf.square(input),
      gradFunc: (dy: tf.Tensor) => tf.mul(dy, tf.mul(input, 2 * factor)),
    };
  });

describe("checkGradients", () => {
  it("finds right gradients of several inputs right to four digits", async () => {
    const [x, y] = [tf.tensor1d([0.5, -1, 2]), tf.tensor2d([[0.3], [1]])];
    const f = (a: tf.Tensor, b: tf.Tensor): tf.Scalar => tf.sum(tf.mul(tf.tanh(a), tf.exp(b)));
    await expect(() => {
      const inputs = [x, y];
      expect(
        checkGradients(f as (...tensors: tf.Tensor[]) => tf.Scalar, inputs).worstRelativeError,
      ).toBeLessThan(1e-4);
    }).toLeakNoTensors();
    tf.dispose([x, y]);
  });

  it("names the input and element whose gradient is wrong", () => {
    const [x, y] = [tf.tensor1d([1, 2]), tf.tensor2d([[1, 0.5, 3]])];
    const f = (...[a, b]: tf.Tensor[]): tf.Scalar => tf.add(tf.sum(a ?? x), tf.sum(squareWith(1.01)(b ?? y)));
    expect(() => checkGradients(f, [x, y])).toThrow(
      /gradient of input 1 at \[0, 2\] is 6\.0[56].* give (6\.000|5\.999)/,
    );
    expect(checkGradients(f, [x, y], { tolerance: 0.02 })).toMatchObject({ input: 1, element: 2 });
    tf.dispose([x, y]);
  });

  it("finds a gradient that is not a number wrong", () => {
    const x = tf.tensor1d([1]);
    expect(() => checkGradients((a) => tf.sum(squareWith(Number.NaN)(a ?? x)), [x])).toThrow(
      /error of Infinity/,
    );
    x.dispose();
  });
});
