import type * as tf from "@tensorflow/tfjs-core";

/** The part of tfjs-node's backend that runs any operation of TensorFlow's by name. */
export interface TensorFlowBackend extends tf.KernelBackend {
  readonly binding: {
    readonly TF_FLOAT: number;
    readonly TF_ATTR_BOOL: number;
    readonly TF_ATTR_FLOAT: number;
    readonly TF_ATTR_STRING: number;
    readonly TF_ATTR_TYPE: number;
    isUsingGpuDevice(): boolean;
  };
  executeMultipleOutputs(
    name: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
}

interface OperationAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: string | boolean | number;
}

/** Attributes of one of TensorFlow's operations, by how it types them. Types `T` and `U` are always float32. */
export interface OperationAttributes {
  readonly types: readonly string[];
  readonly floats?: Readonly<Record<string, number>>;
  readonly strings?: Readonly<Record<string, string>>;
  readonly booleans?: Readonly<Record<string, boolean>>;
}

/** Runs one of TensorFlow's own operations, as its documentation names it; the outputs are the caller's. */
export function runOperation(
  backend: TensorFlowBackend,
  name: string,
  { types, floats = {}, strings = {}, booleans = {} }: OperationAttributes,
  inputs: readonly tf.TensorInfo[],
  outputs: number,
): tf.Tensor[] {
  const { binding } = backend;
  const attributes = [
    ...types.map((name) => ({ name, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT })),
    ...Object.entries(floats).map(([name, value]) => ({ name, type: binding.TF_ATTR_FLOAT, value })),
    ...Object.entries(strings).map(([name, value]) => ({ name, type: binding.TF_ATTR_STRING, value })),
    ...Object.entries(booleans).map(([name, value]) => ({ name, type: binding.TF_ATTR_BOOL, value })),
  ];
  return backend.executeMultipleOutputs(name, attributes, inputs, outputs);
}
