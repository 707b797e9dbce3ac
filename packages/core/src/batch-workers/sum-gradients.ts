import * as tf from "@tensorflow/tfjs-core";
import type { BatchPart } from "./batch-part.js";

/**
 * Adds up over all parts, in one go, those gradients that are of a part; takes all over and gives them back, summed. The
 * caller's.
 */
export function sumGradients(
  gradients: readonly (tf.Tensor | null)[],
  isOfPart: (index: number) => boolean,
  part: BatchPart,
): readonly (tf.Tensor | null)[] {
  const summed = (gradient: tf.Tensor | null, index: number): gradient is tf.Tensor =>
    gradient !== null && isOfPart(index);
  const own = gradients.filter(summed);
  const values = new Float32Array(own.reduce((size, gradient) => size + gradient.size, 0));
  let offset = 0;
  for (const gradient of own) {
    values.set(gradient.dataSync<"float32">(), offset);
    offset += gradient.size;
  }
  const sums = part.sum(values);
  offset = 0;
  return gradients.map((gradient, index) => {
    if (!summed(gradient, index)) return gradient;
    const { shape, size } = gradient;
    gradient.dispose();
    offset += size;
    return tf.tensor(sums.slice(offset - size, offset), shape, "float32");
  });
}
