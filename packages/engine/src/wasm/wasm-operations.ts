import type { OperationsV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { expandAndPoolOperations } from "../expansion/expand-and-pool.js";
import type { ExpansionBackend } from "../expansion/expansion-backend.js";
import { withWholeMaps } from "../expansion/whole-maps.js";
import {
  type BatchNormInput,
  batchNormOperations,
  type SplitBatchNormBackend,
} from "../operations/batch-norm.js";
import { checkConvolution, checkMaxPool } from "../operations/check-arguments.js";
import { synchronisedOperations } from "../operations/synchronised-batch-norm.js";
import {
  gradientSumsKernel,
  inputGradientKernel,
  type NormalizeAttributes,
  normalizeGradientKernel,
  normalizeKernel,
  statisticsKernel,
} from "./batch-norm-kernels.js";
import { type MaxPoolAttributes, maxPoolGradientKernel, maxPoolKernel } from "./max-pool-kernels.js";
import { moveStatistics } from "./running-statistics.js";

const fusedBatchNorm: SplitBatchNormBackend = {
  statistics(x) {
    const [mean, variance] = run<[tf.Tensor1D, tf.Tensor1D]>(statisticsKernel, { x }, {});
    return { mean, variance };
  },
  normalize(input) {
    return run<tf.Tensor>(normalizeKernel, tensorsOf(input), attributesOf(input, true));
  },
  gradients(input, dy, batchStatistics) {
    const [x, scale, offset, residual = null] = run<[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor?]>(
      normalizeGradientKernel,
      { ...tensorsOf(input), dy },
      attributesOf(input, batchStatistics),
    );
    return { x, scale, offset, residual };
  },
  gradientSums(input, dy) {
    const [scale, offset, residual = null] = run<[tf.Tensor, tf.Tensor, tf.Tensor?]>(
      gradientSumsKernel,
      { ...tensorsOf(input), dy },
      attributesOf(input, true),
    );
    return { scale, offset, residual };
  },
  inputGradient({ residual, ...input }, g, slope, level) {
    // The residual's gradient is rectified, and spread over the pixels.
    const { relu, pool } = residual === null ? input : { relu: false, pool: false };
    const plain = { ...input, relu, pool, residual: null };
    return run(inputGradientKernel, { ...tensorsOf(plain), dy: g, slope, level }, attributesOf(plain, true));
  },
};

const fusedExpansion: ExpansionBackend = {
  batchNorm: fusedBatchNorm,
  // The filter gradient of a 1x1 convolution is this product, and adds up in float64 block by block.
  crossProduct(x, y) {
    const shape: [number, number] = [x.shape[3], y.shape[3]];
    const gradient = run<tf.Tensor4D>(
      "Conv2DBackpropFilter",
      { x, dy: y },
      { strides: 1, pad: 0, dataFormat: "NHWC", dimRoundingMode: "floor", filterShape: [1, 1, ...shape] },
    );
    const matrix = tf.reshape<tf.Rank.R2>(gradient, shape);
    gradient.dispose();
    return matrix;
  },
};

/** The operations on our own kernels. */
export const wasmOperations: OperationsV1 = withWholeMaps({
  synchronised: (exchange) => synchronisedOperations(fusedBatchNorm, wasmOperations, exchange),
  ...batchNormOperations(fusedBatchNorm),
  ...expandAndPoolOperations(fusedExpansion),
  moveStatistics,
  conv2d(x, filter, options) {
    checkConvolution(x, filter, options);
    const { stride, padding } = options;
    return tf.conv2d(x, filter, stride, [
      [0, 0],
      [padding, padding],
      [padding, padding],
      [0, 0],
    ]);
  },
  maxPool(x, { size, stride, padding }) {
    checkMaxPool(x, { size, stride, padding });
    const attributes: MaxPoolAttributes = { size, stride, padding };
    const operation = tf.customGrad((input, save) => {
      const images = input as tf.Tensor;
      const y = run<tf.Tensor4D>(maxPoolKernel, { x: images }, { ...attributes });
      (save as tf.GradSaveFunc)([images, y]);
      return {
        value: y,
        gradFunc: (dy: tf.Tensor4D, saved: tf.Tensor[]) => {
          const [x, y] = saved as [tf.Tensor, tf.Tensor];
          return run<tf.Tensor>(maxPoolGradientKernel, { x, y, dy }, { ...attributes });
        },
      };
    });
    return operation(x);
  },
});

function run<Result extends tf.Tensor | readonly (tf.Tensor | undefined)[]>(
  kernel: string,
  inputs: tf.NamedTensorMap,
  attributes: tf.NamedAttrMap,
): Result {
  return tf.engine().runKernel(kernel, inputs, attributes) as unknown as Result;
}

function tensorsOf({ x, mean, variance, scale, offset, residual }: BatchNormInput): tf.NamedTensorMap {
  return {
    x,
    mean,
    variance,
    ...(scale !== null && { scale }),
    ...(offset !== null && { offset }),
    ...(residual !== null && { residual }),
  };
}

function attributesOf(
  { epsilon, relu, pool }: BatchNormInput,
  batchStatistics: boolean,
): { [Name in keyof NormalizeAttributes]: NormalizeAttributes[Name] } {
  return { epsilon, relu, pool, batchStatistics };
}
