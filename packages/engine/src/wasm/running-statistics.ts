import type { OperationsV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { requiredInput, requireFloat32 } from "./kernel-inputs.js";
import type { WasmKernels } from "./register-kernels.js";
import type { WasmRuntime } from "./runtime.js";

const moveKernel = "BlockwiseMoveStatistics";

/** Few values, in place on the heap: calls into kernels would take longer than the loop. */
export const runningStatisticsKernels: WasmKernels = {
  /** `mean, variance, batchMean, batchVariance` -> mean, variance. */
  [moveKernel](runtime, inputs, attributes) {
    const momentum = attributes.momentum as number;
    const correction = attributes.correction as number;
    const [mean, variance, batchMean, batchVariance] = ["mean", "variance", "batchMean", "batchVariance"].map(
      (name) => requiredInput(inputs, name),
    ) as [tf.TensorInfo, tf.TensorInfo, tf.TensorInfo, tf.TensorInfo];
    requireFloat32(moveKernel, mean, variance, batchMean, batchVariance);
    return [
      move(runtime, mean, batchMean, 1 - momentum, momentum),
      move(runtime, variance, batchVariance, 1 - momentum, momentum * correction),
    ];
  },
};

/** `from * keep + towards * share`, each rounded as an operation of its own would. */
function move(
  runtime: WasmRuntime,
  from: tf.TensorInfo,
  towards: tf.TensorInfo,
  keep: number,
  share: number,
): tf.TensorInfo {
  tf.util.assertShapesMatch(towards.shape, from.shape, `${moveKernel}: `);
  const moved = runtime.allocate(from.shape);
  const size = tf.util.sizeFromShape(from.shape);
  const [old, batch, target] = [from, towards, moved].map(
    (tensor) => new Float32Array(runtime.memory.buffer, runtime.address(tensor), size),
  ) as [Float32Array, Float32Array, Float32Array];
  const [kept, added] = [Math.fround(keep), Math.fround(share)];
  for (let channel = 0; channel < size; channel++) {
    target[channel] =
      Math.fround((old[channel] as number) * kept) + Math.fround((batch[channel] as number) * added);
  }
  return moved;
}

/** Running statistics moved by a kernel of ours. */
export const moveStatistics: NonNullable<OperationsV1["moveStatistics"]> = ({
  running,
  batch,
  ...shares
}) => {
  const inputs = { ...running, batchMean: batch.mean, batchVariance: batch.variance };
  const [mean, variance] = tf.engine().runKernel(moveKernel, inputs, shares) as unknown as [
    tf.Tensor1D,
    tf.Tensor1D,
  ];
  return { mean, variance };
};
