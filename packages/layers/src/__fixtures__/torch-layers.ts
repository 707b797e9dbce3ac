import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";

/** A tensor in PyTorch's axis order. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** A batch norm in its second training step, and in evaluation after it. */
export interface TorchBatchNorm {
  readonly weight: Numbers;
  readonly bias: Numbers;
  readonly inputs: readonly [Numbers, Numbers];
  readonly outputWeights: Numbers;
  readonly output: Numbers;
  readonly inputGradient: Numbers;
  readonly weightGradient: Numbers;
  readonly biasGradient: Numbers;
  readonly runningMean: Numbers;
  readonly runningVariance: Numbers;
  readonly evaluation: Numbers;
}

interface TorchMap {
  readonly weight: Numbers;
  readonly input: Numbers;
  readonly output: Numbers;
}

/** What PyTorch's layers make of small inputs; written by `write_torch_layers.py`. */
export const torchLayers: {
  readonly batchNorm1d: TorchBatchNorm;
  readonly batchNorm2d: TorchBatchNorm;
  readonly convolutions: readonly (TorchMap & {
    readonly kernelSize: number;
    readonly stride: number;
    readonly padding: number;
  })[];
  readonly linear: TorchMap;
} = JSON.parse(readFileSync(new URL("./torch-layers.json", import.meta.url), "utf8"));

/** Activations here have their channels last; vectors and rows lie as in PyTorch. */
export function activation({ shape, data }: Numbers): tf.Tensor {
  const tensor = tf.tensor([...data], [...shape], "float32");
  return shape.length === 4 ? tf.transpose(tensor, [0, 2, 3, 1]) : tensor;
}

/** `[out, in, height, width]` or `[out, in]` there, `[height, width, in, out]` or `[in, out]` here. */
export function weight({ shape, data }: Numbers): tf.Tensor {
  const tensor = tf.tensor([...data], [...shape], "float32");
  return tf.transpose(tensor, shape.length === 4 ? [2, 3, 1, 0] : [1, 0]);
}
