import type { ExpandAndPoolTrainOptions, OperationsV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { checkExpansion } from "../operations/check-arguments.js";

/** Operations that compute an expanded map as a whole where it may be held, which is less work than in chunks. */
export function withWholeMaps(operations: OperationsV1): OperationsV1 {
  const { conv2d, batchNormTrain, batchNormEvaluate, expandAndPoolTrain, expandAndPoolEvaluate } = operations;
  const expand = (x: tf.Tensor4D, filter: tf.Tensor4D): tf.Tensor4D =>
    conv2d(x, filter, { stride: 1, padding: 0 });
  return {
    ...operations,
    expandAndPoolTrain(x, filter, options) {
      checkExpansion(x, filter, options);
      if (mapBytes(x, filter) > options.chunkBytes) return expandAndPoolTrain(x, filter, options);
      const { output, mean, variance } = tf.tidy(() => {
        const result = batchNormTrain(expand(x, filter), { ...affineOf(options), ...rectifyAndPool });
        return { ...result };
      });
      return { output, mean, variance };
    },
    expandAndPoolEvaluate(x, filter, options) {
      const { mean, variance } = options;
      checkExpansion(x, filter, options, [mean, variance]);
      if (mapBytes(x, filter) > options.chunkBytes) return expandAndPoolEvaluate(x, filter, options);
      return tf.tidy(() =>
        batchNormEvaluate(expand(x, filter), { ...affineOf(options), mean, variance, ...rectifyAndPool }),
      );
    },
  };
}

/** Bytes of `[batch, height, width, out]`. */
export function mapBytes(x: tf.Tensor4D, filter: tf.Tensor4D): number {
  const [batch, height, width] = x.shape;
  return batch * height * width * filter.shape[3] * 4;
}

const rectifyAndPool = { activation: "relu", pool: "globalAverage" } as const;

function affineOf({
  scale,
  offset,
  epsilon,
}: ExpandAndPoolTrainOptions): Omit<ExpandAndPoolTrainOptions, "chunkBytes"> {
  return { scale, offset, epsilon };
}
