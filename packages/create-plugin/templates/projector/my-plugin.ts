import { InvalidOptionError, type ProjectorV1, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** Options of {@link myPlugin}: plain JSON. */
export interface MyPluginOptions {
  /** Factor on its output, above 0. @default 1 */
  readonly scale?: number;
}

/**
 * TODO: what it is, in one sentence.
 *
 * `[batch, dim] -> [batch, dim]`. TODO: your formula, and whether it has parameters.
 *
 * @throws InvalidOptionError; `doCreate` throws ShapeMismatchError for input of another shape.
 * @see TODO: authors, title, year.
 */
export function myPlugin(options: MyPluginOptions = {}): ProjectorV1 {
  const { scale = 1 } = options;
  if (!(scale > 0 && Number.isFinite(scale))) {
    throw new InvalidOptionError({ option: "scale", expected: "a number above 0", received: scale });
  }
  return {
    specificationVersion: "v1",
    kind: "projector",
    id: "my-plugin",
    options: { scale },
    doCreate: ({ inputShape }) => {
      widthOf(inputShape);
      return {
        parameters: [],
        buffers: [],
        outputShape: (shape) => [widthOf(shape)],
        apply: (x) => tf.mul(tf.tanh(x), scale),
      };
    },
  };
}

function widthOf(shape: readonly number[]): number {
  const width = shape.at(-1);
  if (width !== undefined && shape.length === 1 && shape.every((size) => size > 0)) return width;
  throw new ShapeMismatchError({ subject: "Input of my-plugin", expected: "[dim]", received: shape });
}
