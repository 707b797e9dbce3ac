import { type HeadV1, InvalidOptionError, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** Options of {@link myPlugin}: plain JSON. */
export interface MyPluginOptions {
  /** Factor on its output, above 0. @default 1 */
  readonly scale?: number;
}

/**
 * TODO: what it is, in one sentence.
 *
 * `[batch, height, width, channels] -> [batch, dim]`. TODO: your formula, and whether it has parameters.
 *
 * @throws InvalidOptionError; `doCreate` throws ShapeMismatchError for input of another shape.
 * @see TODO: authors, title, year.
 */
export function myPlugin(options: MyPluginOptions = {}): HeadV1 {
  const { scale = 1 } = options;
  if (!(scale > 0 && Number.isFinite(scale))) {
    throw new InvalidOptionError({ option: "scale", expected: "a number above 0", received: scale });
  }
  return {
    specificationVersion: "v1",
    kind: "head",
    id: "my-plugin",
    options: { scale },
    doCreate: ({ inputShape }) => {
      widthOf(inputShape);
      return {
        parameters: [],
        buffers: [],
        outputShape: (shape) => [widthOf(shape)],
        apply: (x) => tf.mul(tf.mean(x, [1, 2]), scale),
      };
    },
  };
}

function widthOf(shape: readonly number[]): number {
  const width = shape.at(-1);
  if (width !== undefined && shape.length === 3 && shape.every((size) => size > 0)) return width;
  throw new ShapeMismatchError({
    subject: "Input of my-plugin",
    expected: "[height, width, channels]",
    received: shape,
  });
}
