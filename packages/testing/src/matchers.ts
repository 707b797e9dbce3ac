import { expect } from "vitest";
import { measureLeak } from "./measure-leak.js";
import {
  compareTensors,
  elementIndex,
  flatten,
  type TensorLike,
  type Tolerance,
} from "./tensor-comparison.js";

declare module "vitest" {
  interface Matchers<T> {
    /**
     * The tensor, number or array is close to `expected`, element by element and in shape.
     * @default tolerance `{ relative: 1e-5 }`
     */
    toBeCloseToTensor(expected: TensorLike, tolerance?: Tolerance): T;
    /** No element of the tensor, number or array is NaN or infinite. */
    toBeFinite(): T;
    /** The function, run three times, leaves no tensor alive. Always `await` it. */
    toLeakNoTensors(): Promise<T>;
  }
}

expect.extend({
  toBeCloseToTensor(received: TensorLike, expected: TensorLike, tolerance?: Tolerance) {
    const { close, summary } = compareTensors(received, expected, tolerance);
    return { pass: close, message: () => `Tensors ${close ? "are close" : "differ"}: ${summary}.` };
  },

  toBeFinite(received: TensorLike) {
    const { shape, values } = flatten(received);
    const place = Array.from(values).findIndex((value) => !Number.isFinite(value));
    return {
      pass: place === -1,
      message: () =>
        place === -1
          ? "All elements are finite."
          : `The element at ${elementIndex(shape, place)} is ${values[place]}, not finite.`,
    };
  },

  async toLeakNoTensors(received: () => unknown) {
    const { tensors, buffers } = await measureLeak(received);
    return {
      pass: tensors <= 0 && buffers <= 0,
      message: () => `Three runs left ${tensors} tensors and ${buffers} buffers alive.`,
    };
  },
});
