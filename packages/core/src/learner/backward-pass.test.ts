import { useCpuBackend } from "@blockwise/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { gradientsOf } from "./gradients-of.js";

beforeAll(useCpuBackend);

/** The gradients of `gradientsOf` and of TensorFlow.js by itself. */
function expectSame(f: (...inputs: tf.Tensor[]) => tf.Scalar, inputs: readonly tf.Tensor[]): void {
  const expected = tf.grads(f)([...inputs]);
  const { gradients } = gradientsOf(() => f(...inputs), inputs);
  expected.forEach((tensor, index) => {
    expect(Array.from(gradients[index]?.dataSync() ?? [])).toEqual(Array.from(tensor.dataSync()));
  });
}

describe("a tape that is freed on the way", () => {
  it("gives the same gradients where values are used twice", () => {
    tf.tidy(() => {
      const [x, w] = [
        tf.tensor2d([[1, -2]]),
        tf.tensor2d([
          [3, 1],
          [0.5, 2],
        ]),
      ] as const;
      const f = (...[input, weights]: tf.Tensor[]): tf.Scalar => {
        const first = tf.relu(tf.matMul(input as tf.Tensor2D, weights as tf.Tensor2D));
        const second = tf.add(first, tf.matMul(first as tf.Tensor2D, weights as tf.Tensor2D));
        const [left, right] = tf.split(second, 2, 1) as [tf.Tensor, tf.Tensor];
        return tf.sum(tf.mul(tf.mul(left, right), tf.reshape(tf.sum(second), [1, 1])));
      };
      expectSame(f, [x, w]);
    });
  });

  it("gives the right gradients where they are handed through, shared, or constants of somebody", () => {
    tf.tidy(() => {
      const constant = tf.tensor1d([5, 7]);
      const through = tf.customGrad((x) => ({
        value: tf.clone(x as tf.Tensor),
        gradFunc: (dy: tf.Tensor) => dy,
      }));
      const shared = tf.customGrad((a, b) => ({
        value: tf.add(a as tf.Tensor, b as tf.Tensor),
        gradFunc: (dy: tf.Tensor) => {
          const both = tf.mul(dy, 2);
          return [both, both];
        },
      }));
      const fixed = tf.customGrad((x) => ({
        value: tf.square(x as tf.Tensor),
        gradFunc: () => constant,
      }));
      const f = (...[x, y]: tf.Tensor[]): tf.Scalar => {
        const [a, b] = [tf.square(x as tf.Tensor), tf.square(y as tf.Tensor)];
        return tf.sum(tf.mul(through(shared(a, b)), fixed(a)));
      };
      const [x, y] = [tf.tensor1d([1, 2]), tf.tensor1d([3, 4])] as const;
      const { gradients } = gradientsOf(() => f(x, y), [x, y]);
      // By a = x^2: 2 a^2 from what is shared, and the constant; by b = y^2: 2 a^2.
      expect(gradients[0]).toBeCloseToTensor([2 * 1 * (2 + 5), 2 * 2 * (32 + 7)]);
      expect(gradients[1]).toBeCloseToTensor([2 * 3 * 2, 2 * 4 * 32]);
      expect(constant).toBeCloseToTensor([5, 7]);
    });
  });

  it("frees activations and gradients as it goes back", async () => {
    const x = tf.ones([1024]);
    const depth = 20;
    const before = tf.memory().numBytes;
    const { kernels, result } = await tf.profile(() => {
      const { value, gradients } = gradientsOf(() => {
        let y: tf.Tensor = x;
        for (let layer = 0; layer < depth; layer++) y = tf.square(y);
        return tf.sum(y);
      }, [x]);
      tf.dispose(gradients as tf.Tensor[]);
      return value;
    });
    const held = kernels.map(({ totalBytesSnapshot }) => (totalBytesSnapshot - before) / (4 * x.size));
    const backward = held.slice(kernels.findIndex(({ name }) => name === "Sum") + 1);
    // What the forward pass keeps, and a gradient with what it takes to compute it; at the end the latter alone.
    expect(Math.max(...backward)).toBeLessThan(depth + 6);
    expect(backward.at(-1)).toBeLessThan(8);
    tf.dispose([x, result as tf.Tensor]);
  });
});
