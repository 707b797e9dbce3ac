import type { NativeLibrary } from "@blockwise/engine-native";
import type { ParameterUpdatesV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { requiredInput, requireFloat32 } from "../wasm/kernel-inputs.js";
import type { WasmKernels } from "../wasm/register-kernels.js";

const momentumKernel = "BlockwiseUpdateWithMomentum";
const momentsKernel = "BlockwiseUpdateWithMoments";

/** Updates of parameters in one or two passes over their values. */
export function nativeParameterUpdates(library: NativeLibrary): WasmKernels {
  return {
    /** `parameter, gradient [, momentum]` -> the new parameter [and momentum]. */
    [momentumKernel](runtime, inputs, attributes) {
      const { parameter, gradient, size } = checked(momentumKernel, inputs);
      const next = runtime.allocate(parameter.shape);
      const momentum = inputs.momentum === undefined ? null : runtime.allocate(parameter.shape);
      const { memory, address } = runtime;
      library.updateWithMomentum(
        memory.buffer,
        size,
        address(parameter),
        address(gradient),
        address(inputs.momentum),
        address(next),
        address(momentum),
        attributes.keep as number,
        Number(attributes.nesterov),
        attributes.weightDecay as number,
        attributes.learningRate as number,
        Number(attributes.trusts),
        attributes.coefficient as number,
        attributes.limit as number,
      );
      return momentum === null ? [next] : [next, momentum];
    },

    /** `parameter, gradient, mean, square` -> the new parameter, mean and square. */
    [momentsKernel](runtime, inputs, attributes) {
      const { parameter, gradient, size } = checked(momentsKernel, inputs);
      const results = [0, 1, 2].map(() => runtime.allocate(parameter.shape));
      const { memory, address } = runtime;
      const [next, mean, square] = results.map(address) as [number, number, number];
      library.updateWithMoments(
        memory.buffer,
        size,
        address(parameter),
        address(gradient),
        address(requiredInput(inputs, "mean")),
        address(requiredInput(inputs, "square")),
        next,
        mean,
        square,
        attributes.keepMean as number,
        attributes.keepSquare as number,
        attributes.shrink as number,
        attributes.rate as number,
        attributes.epsilon as number,
      );
      return results;
    },
  };
}

function checked(
  kernel: string,
  inputs: tf.NamedTensorInfoMap,
): { readonly parameter: tf.TensorInfo; readonly gradient: tf.TensorInfo; readonly size: number } {
  const parameter = requiredInput(inputs, "parameter");
  const gradient = requiredInput(inputs, "gradient");
  const tensors = Object.values(inputs).filter((tensor) => tensor !== undefined);
  requireFloat32(kernel, ...tensors);
  for (const { shape } of tensors) tf.util.assertShapesMatch(shape, parameter.shape, `${kernel}: `);
  return { parameter, gradient, size: tf.util.sizeFromShape(parameter.shape) };
}

/** The native engine's updates of parameters. */
export const parameterUpdates: ParameterUpdatesV1 = {
  withMomentum({ parameter, gradient, momentum, trust, ...attributes }) {
    const [next, kept = null] = run(
      momentumKernel,
      { parameter, gradient, ...(momentum !== null && { momentum }) },
      {
        ...attributes,
        trusts: trust !== null,
        coefficient: trust?.coefficient ?? 1,
        limit: trust?.limit ?? 1,
      },
    ) as [tf.Tensor, tf.Tensor?];
    return { parameter: next, momentum: kept };
  },
  withMoments({ parameter, gradient, mean, square, ...attributes }) {
    const [next, newMean, newSquare] = run(
      momentsKernel,
      { parameter, gradient, mean, square },
      attributes,
    ) as [tf.Tensor, tf.Tensor, tf.Tensor];
    return { parameter: next, mean: newMean, square: newSquare };
  },
};

function run(kernel: string, inputs: tf.NamedTensorMap, attributes: tf.NamedAttrMap): tf.Tensor[] {
  return tf.engine().runKernel(kernel, inputs, attributes) as unknown as tf.Tensor[];
}
