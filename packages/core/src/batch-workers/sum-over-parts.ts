import * as tf from "@tensorflow/tfjs-core";
import type { BatchPart } from "./batch-part.js";

/**
 * The sum of what each thread has (borrowed), the same in all. What a thread asks of its sum it asks of what every thread
 * had: the gradient is summed too. The caller's.
 */
export function sumOverParts<Kind extends tf.Tensor>(x: Kind, part: BatchPart): Kind {
  const sum = (tensor: tf.Tensor): tf.Tensor =>
    tf.tensor(part.sum(tensor.dataSync<"float32">()), tensor.shape, "float32");
  return tf.customGrad((own) => ({ value: sum(own as tf.Tensor), gradFunc: (dy: tf.Tensor) => sum(dy) }))(
    x,
  ) as Kind;
}

/**
 * What each thread has of the samples `[batch / count, ...]` (borrowed), as one `[batch, ...]`, the same in all. Every
 * thread goes on to compute the same of it, so that a thread's own gradient is its samples' part. The caller's.
 */
export function gatherParts<Kind extends tf.Tensor>(x: Kind, part: BatchPart): Kind {
  const [own = 0, ...sampleShape] = x.shape;
  return tf.customGrad((tensor) => ({
    value: tf.tensor(
      part.gather((tensor as tf.Tensor).dataSync<"float32">()),
      [part.count * own, ...sampleShape],
      "float32",
    ),
    gradFunc: (dy: tf.Tensor) => tf.slice(dy, part.index * own, own),
  }))(x) as Kind;
}
