import { type AttributeValue, float, integers, text } from "./graph-node.js";

/** Of a product of two matrices, as they lie. */
export const matrixAttributes: Readonly<Record<string, AttributeValue>> = {
  T: float,
  transpose_a: { b: false },
  transpose_b: { b: false },
};

/** Of a convolution, padded by zeros on all sides. */
export function windowAttributes({
  stride,
  padding,
}: {
  readonly stride: number;
  readonly padding: number;
}): Readonly<Record<string, AttributeValue>> {
  return {
    T: float,
    strides: integers([1, stride, stride, 1]),
    padding: text("EXPLICIT"),
    explicit_paddings: integers([0, 0, padding, padding, padding, padding, 0, 0]),
    dilations: integers([1, 1, 1, 1]),
    data_format: text("NHWC"),
  };
}
