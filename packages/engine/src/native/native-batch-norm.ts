import type { NativeLibrary } from "@blockwise/engine-native";
import type { NamedAttrMap, NamedTensorInfoMap } from "@tensorflow/tfjs-core";
import {
  gradientSumsKernel,
  inputGradientKernel,
  matrixOf,
  type NormalizeAttributes,
  normalizeGradientKernel,
  normalizeKernel,
  statisticsKernel,
} from "../wasm/batch-norm-kernels.js";
import { requiredInput, requireFloat32 } from "../wasm/kernel-inputs.js";
import type { WasmKernels } from "../wasm/register-kernels.js";
import type { WasmRuntime } from "../wasm/runtime.js";

/** Training batch norm with its epilogue. */
export function nativeBatchNorm(library: NativeLibrary): WasmKernels {
  return {
    [statisticsKernel](runtime, inputs) {
      const x = requiredInput(inputs, "x");
      requireFloat32(statisticsKernel, x);
      const { rows, channels } = matrixOf(x);
      const mean = runtime.allocate([channels]);
      const variance = runtime.allocate([channels]);
      const { memory, address } = runtime;
      library.statistics(memory.buffer, address(x), rows, channels, address(mean), address(variance));
      return [mean, variance];
    },

    [normalizeKernel](runtime, inputs, attributes) {
      const x = requiredInput(inputs, "x");
      requireFloat32(normalizeKernel, x);
      const { channels, batch } = matrixOf(x);
      const { pool } = attributes as unknown as NormalizeAttributes;
      const y = runtime.allocate(pool ? [batch, channels] : x.shape);
      library.normalize(
        runtime.memory.buffer,
        ...normArguments(runtime, inputs, attributes),
        runtime.address(y),
      );
      return y;
    },

    [normalizeGradientKernel](runtime, inputs, attributes) {
      const x = requiredInput(inputs, "x");
      const dy = requiredInput(inputs, "dy");
      requireFloat32(normalizeGradientKernel, x, dy);
      const { channels } = matrixOf(x);
      const dx = runtime.allocate(x.shape);
      const scale = runtime.allocate([channels]);
      const offset = runtime.allocate([channels]);
      const residual = inputs.residual === undefined ? null : runtime.allocate(x.shape);
      const { memory, address } = runtime;
      library.normalizeGradient(
        memory.buffer,
        ...normArguments(runtime, inputs, attributes),
        address(dy),
        Number((attributes as unknown as NormalizeAttributes).batchStatistics),
        address(dx),
        address(scale),
        address(offset),
        address(residual),
      );
      return residual === null ? [dx, scale, offset] : [dx, scale, offset, residual];
    },

    [gradientSumsKernel](runtime, inputs, attributes) {
      const x = requiredInput(inputs, "x");
      const dy = requiredInput(inputs, "dy");
      requireFloat32(gradientSumsKernel, x, dy);
      const { channels } = matrixOf(x);
      const scale = runtime.allocate([channels]);
      const offset = runtime.allocate([channels]);
      const residual = inputs.residual === undefined ? null : runtime.allocate(x.shape);
      const { memory, address } = runtime;
      library.normalizeGradientSums(
        memory.buffer,
        ...normArguments(runtime, inputs, attributes),
        address(dy),
        address(scale),
        address(offset),
        address(residual),
      );
      return residual === null ? [scale, offset] : [scale, offset, residual];
    },

    [inputGradientKernel](runtime, inputs, attributes) {
      const x = requiredInput(inputs, "x");
      const dy = requiredInput(inputs, "dy");
      requireFloat32(inputGradientKernel, x, dy);
      const dx = runtime.allocate(x.shape);
      const { memory, address } = runtime;
      library.normalizeInputGradient(
        memory.buffer,
        ...normArguments(runtime, inputs, attributes),
        address(dy),
        address(requiredInput(inputs, "slope")),
        address(requiredInput(inputs, "level")),
        address(dx),
      );
      return dx;
    },
  };
}

function normArguments(
  { address }: WasmRuntime,
  inputs: NamedTensorInfoMap,
  attributes: NamedAttrMap,
): Parameters<NativeLibrary["normalize"]> extends [ArrayBuffer, ...infer Norm, number] ? Norm : never {
  const x = requiredInput(inputs, "x");
  const { rows, channels, batch } = matrixOf(x);
  const { epsilon, relu, pool } = attributes as unknown as NormalizeAttributes;
  return [
    address(x),
    address(inputs.residual),
    rows,
    channels,
    pool && batch > 0 ? rows / batch : 0,
    address(requiredInput(inputs, "mean")),
    address(requiredInput(inputs, "variance")),
    address(inputs.scale),
    address(inputs.offset),
    epsilon,
    Number(relu),
  ];
}
