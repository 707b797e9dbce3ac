import * as tf from "@tensorflow/tfjs-core";
import { elementIndex } from "./tensor-comparison.js";

/** How gradients are checked. */
export interface GradientCheckOptions {
  /** The step of the differences, in the inputs' units. @default 0.02 */
  readonly step?: number;
  /** The largest error, relative to the input's largest gradient, that passes. @default 1e-3 */
  readonly tolerance?: number;
  /** What the inputs are called in errors. @default `input 0` and so on */
  readonly names?: readonly string[];
}

/** The worst gradient that a check met. */
export interface GradientCheck {
  /** Its error over the largest magnitude of that input's gradient. */
  readonly worstRelativeError: number;
  /** Which input it belongs to, from 0. */
  readonly input: number;
  /** Its flat place in that input. */
  readonly element: number;
}

/**
 * Compares the gradients of `f` with finite differences, element by element; for inputs of at most some hundred elements.
 *
 * `(f(x - 2h) - 8 f(x - h) + 8 f(x + h) - f(x + 2h)) / 12 h`: a fourth-order stencil, whose error in `h` stays below
 * the rounding of float32 at steps that are wide enough to keep that rounding small.
 *
 * @param f Differentiable, smooth within two steps around `inputs`. Its result is disposed.
 * @param inputs Borrowed.
 * @throws Error naming the worst element where the error is above the tolerance or not a number.
 */
export function checkGradients(
  f: (...inputs: tf.Tensor[]) => tf.Scalar,
  inputs: readonly tf.Tensor[],
  { step = 0.02, tolerance = 1e-3, names = [] }: GradientCheckOptions = {},
): GradientCheck {
  const gradients = tf.tidy(() =>
    tf
      .grads(f)([...inputs])
      .map((gradient) => gradient.dataSync().slice()),
  );
  let worst: GradientCheck = { worstRelativeError: 0, input: 0, element: 0 };
  gradients.forEach((gradient, input) => {
    const numeric = differences(f, inputs, input, step);
    const largest = numeric.reduce((most, value) => Math.max(most, Math.abs(value)), Number.MIN_VALUE);
    gradient.forEach((value, element) => {
      const error = Math.abs(value - (numeric[element] ?? Number.NaN)) / largest;
      const worstRelativeError = Number.isNaN(error) ? Infinity : error;
      if (worstRelativeError > worst.worstRelativeError) worst = { worstRelativeError, input, element };
    });
    if (worst.input === input && worst.worstRelativeError > tolerance) {
      const place = elementIndex(inputs[input]?.shape ?? [], worst.element);
      throw new Error(
        `The gradient of ${names[input] ?? `input ${input}`} at ${place} is ${gradient[worst.element]}, but finite differences give ` +
          `${numeric[worst.element]}: a relative error of ${worst.worstRelativeError.toPrecision(3)}, above ${tolerance}.`,
      );
    }
  });
  return worst;
}

function differences(
  f: (...inputs: tf.Tensor[]) => tf.Scalar,
  inputs: readonly tf.Tensor[],
  input: number,
  step: number,
): number[] {
  const moved = inputs[input];
  if (moved === undefined) return [];
  const values = moved.dataSync();
  const valueAt = (element: number, distance: number): number =>
    tf.tidy(() => {
      const shifted = Float32Array.from(values);
      shifted[element] = (values[element] ?? 0) + distance;
      const arguments_ = inputs.with(input, tf.tensor(shifted, moved.shape, "float32"));
      return f(...arguments_).dataSync()[0] ?? Number.NaN;
    });
  return Array.from(values, (_, element) => {
    const near = valueAt(element, step) - valueAt(element, -step);
    const far = valueAt(element, 2 * step) - valueAt(element, -2 * step);
    return (8 * near - far) / (12 * step);
  });
}
