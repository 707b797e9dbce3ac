import * as tf from "@tensorflow/tfjs-core";
import { nativeBackend } from "../optional/native-tensorflow.js";
import { runOperation, type TensorFlowBackend } from "./run-operation.js";

const normalizeKernel = "BlockwiseFusedBatchNorm";
const gradientKernel = "BlockwiseFusedBatchNormGradient";
const reluGradientKernel = "BlockwiseReluGradient";

/** What a fused batch norm puts out; all tensors are the caller's. */
export interface FusedBatchNorm {
  readonly y: tf.Tensor4D;
  readonly mean: tf.Tensor1D;
  /** Divided by the count. */
  readonly variance: tf.Tensor1D;
  /** What the gradient needs; their meaning is TensorFlow's, and not the same on CPU and GPU. */
  readonly reserves: readonly tf.Tensor[];
}

/** Gradients of a fused batch norm, the caller's. */
export interface FusedBatchNormGradients {
  readonly x: tf.Tensor4D;
  readonly scale: tf.Tensor1D;
  readonly offset: tf.Tensor1D;
}

interface Attributes {
  readonly epsilon: number;
  /** Whether mean and variance are those of x. */
  readonly training: boolean;
}

/** Registers TensorFlow's fused operations as kernels, so that they have names where kernels are counted and timed. */
export function registerTensorFlowKernels(): void {
  register(normalizeKernel, (backend, { x, scale, offset, mean, variance }, attributes) => {
    const { epsilon, training } = attributes as unknown as Attributes;
    const empty = tf.tensor1d([]);
    const outputs = runOperation(
      backend,
      "FusedBatchNormV3",
      {
        types: ["T", "U"],
        floats: { epsilon, exponential_avg_factor: 1 },
        strings: { data_format: "NHWC" },
        booleans: { is_training: training },
      },
      [x, scale, offset, mean ?? empty, variance ?? empty] as tf.TensorInfo[],
      6,
    );
    empty.dispose();
    return outputs;
  });

  register(gradientKernel, (backend, { dy, x, scale, first, second, third }, attributes) => {
    const { epsilon, training } = attributes as unknown as Attributes;
    const empty = tf.tensor1d([]);
    const outputs = runOperation(
      backend,
      "FusedBatchNormGradV3",
      {
        types: ["T", "U"],
        floats: { epsilon },
        strings: { data_format: "NHWC" },
        booleans: { is_training: training },
      },
      [dy, x, scale, first, second, third ?? empty] as tf.TensorInfo[],
      5,
    );
    tf.dispose([empty, ...outputs.splice(3)]);
    return outputs;
  });

  register(reluGradientKernel, (backend, { dy, y }) =>
    runOperation(backend, "ReluGrad", { types: ["T"] }, [dy, y] as tf.TensorInfo[], 1),
  );
}

function register(
  kernelName: string,
  kernel: (
    backend: TensorFlowBackend,
    inputs: tf.NamedTensorInfoMap,
    attributes: tf.NamedAttrMap,
  ) => tf.TensorInfo[],
): void {
  if (tf.getKernel(kernelName, nativeBackend) !== undefined) return;
  tf.registerKernel({
    kernelName,
    backendName: nativeBackend,
    kernelFunc: ({ inputs, attrs, backend }) => kernel(backend as TensorFlowBackend, inputs, attrs ?? {}),
  });
}

/** Batch norm with the statistics of `x [batch, height, width, channels]`. No gradient is taken through it. */
export function normalizeBatch(
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  offset: tf.Tensor1D,
  epsilon: number,
): FusedBatchNorm {
  const [y, mean, unbiased, ...reserves] = run(
    normalizeKernel,
    { x, scale, offset },
    { epsilon, training: true },
  );
  const count = x.size / scale.size;
  // What TensorFlow gives for a running average is divided by the count less one.
  const variance = tf.mul<tf.Tensor1D>(unbiased as tf.Tensor1D, count > 1 ? (count - 1) / count : 1);
  unbiased?.dispose();
  return { y: y as tf.Tensor4D, mean: mean as tf.Tensor1D, variance, reserves };
}

/** Batch norm with statistics from outside. No gradient is taken through it. */
export function normalizeFixed(
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  offset: tf.Tensor1D,
  mean: tf.Tensor1D,
  variance: tf.Tensor1D,
  epsilon: number,
): tf.Tensor4D {
  const inputs = { x, scale, offset, mean, variance };
  const [y, ...rest] = run(normalizeKernel, inputs, { epsilon, training: false });
  tf.dispose(rest);
  return y as tf.Tensor4D;
}

/** Gradients of `normalizeBatch`. */
export function batchGradients(
  dy: tf.Tensor4D,
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  [first, second, third]: readonly tf.Tensor[],
  epsilon: number,
): FusedBatchNormGradients {
  return gradients({ dy, x, scale, first, second, third } as tf.NamedTensorMap, { epsilon, training: true });
}

/** Gradients of `normalizeFixed`. */
export function fixedGradients(
  dy: tf.Tensor4D,
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  mean: tf.Tensor1D,
  variance: tf.Tensor1D,
  epsilon: number,
): FusedBatchNormGradients {
  return gradients({ dy, x, scale, first: mean, second: variance }, { epsilon, training: false });
}

function gradients(inputs: tf.NamedTensorMap, attributes: Attributes): FusedBatchNormGradients {
  const [x, scale, offset] = run(gradientKernel, inputs, attributes);
  return { x: x as tf.Tensor4D, scale: scale as tf.Tensor1D, offset: offset as tf.Tensor1D };
}

/** `dy` where `y`, the output of a rectifier, is above 0. No gradient is taken through it. */
export function reluGradient<Rank extends tf.Rank>(dy: tf.Tensor<Rank>, y: tf.Tensor<Rank>): tf.Tensor<Rank> {
  const [gradient] = run(reluGradientKernel, { dy, y }, {});
  return gradient as tf.Tensor<Rank>;
}

function run(
  kernel: string,
  inputs: tf.NamedTensorMap,
  attributes: Attributes | object,
): readonly tf.Tensor[] {
  const outputs = tf.engine().runKernel(kernel, inputs, attributes as tf.NamedAttrMap);
  return (Array.isArray(outputs) ? outputs : [outputs]) as tf.Tensor[];
}
