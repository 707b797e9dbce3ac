import type { TensorInfo } from "@tensorflow/tfjs-core";
import { requiredInput, requireFloat32 } from "./kernel-inputs.js";
import type { Address } from "./kernel-module.js";
import type { WasmKernels } from "./register-kernels.js";
import type { WasmRuntime } from "./runtime.js";

/** Names of the kernels. */
export const statisticsKernel = "BlockwiseBatchNormStatistics";
export const normalizeKernel = "BlockwiseBatchNorm";
export const normalizeGradientKernel = "BlockwiseBatchNormGradient";

/** Attributes of the normalising kernel and its gradient. */
export interface NormalizeAttributes {
  readonly epsilon: number;
  readonly relu: boolean;
  readonly pool: boolean;
  /** For the gradient: whether mean and variance depend on x. */
  readonly batchStatistics: boolean;
}

/** Training batch norm with its epilogue, in as few passes over memory as it takes. */
export const batchNormKernels: WasmKernels = {
  /** `x` -> mean, biased variance. */
  [statisticsKernel](runtime, inputs) {
    const x = requiredInput(inputs, "x");
    requireFloat32(statisticsKernel, x);
    const { rows, channels } = matrixOf(x);
    const mean = runtime.allocate([channels]);
    const variance = runtime.allocate([channels]);
    runtime.kernels.statistics(
      runtime.address(x),
      rows,
      channels,
      runtime.address(mean),
      runtime.address(variance),
      runtime.workspace.region("sums", channels * 24),
    );
    return [mean, variance];
  },

  /** `x, mean, variance [, scale, offset, residual]` -> output. */
  [normalizeKernel](runtime, inputs, attributes) {
    const x = requiredInput(inputs, "x");
    requireFloat32(normalizeKernel, x);
    const { epsilon, relu, pool } = attributes as unknown as NormalizeAttributes;
    const { rows, channels, batch } = matrixOf(x);
    const mean = runtime.address(requiredInput(inputs, "mean"));
    const { factor, shift, scratch } = coefficients(
      runtime,
      inputs.variance,
      inputs.scale,
      inputs.offset,
      epsilon,
      channels,
    );
    const residual = runtime.address(inputs.residual);
    const y = runtime.allocate(pool ? [batch, channels] : x.shape);
    const output = runtime.address(y);
    const { kernels } = runtime;
    if (pool) {
      const pixels = rows / batch;
      kernels.normalizePool(
        runtime.address(x),
        residual,
        output,
        batch,
        pixels,
        channels,
        mean,
        factor,
        shift,
        Number(relu),
        scratch,
      );
    } else {
      kernels.normalize(
        runtime.address(x),
        residual,
        output,
        rows,
        channels,
        mean,
        factor,
        shift,
        Number(relu),
      );
    }
    return y;
  },

  /** `x, mean, variance, dy [, scale, offset, residual]` -> gradients of x, scale, offset [, residual]. */
  [normalizeGradientKernel](runtime, inputs, attributes) {
    const x = requiredInput(inputs, "x");
    const dy = requiredInput(inputs, "dy");
    requireFloat32(normalizeGradientKernel, x, dy);
    const { epsilon, relu, pool, batchStatistics } = attributes as unknown as NormalizeAttributes;
    const { rows, channels, batch } = matrixOf(x);
    const pixels = pool ? rows / batch : 0;
    const mean = runtime.address(requiredInput(inputs, "mean"));
    const variance = runtime.address(requiredInput(inputs, "variance"));
    const { factor, shift, slope, level, scratch } = coefficients(
      runtime,
      inputs.variance,
      inputs.scale,
      inputs.offset,
      epsilon,
      channels,
    );
    const sums = runtime.workspace.region("sums", channels * 16);
    const { kernels } = runtime;
    const dx = runtime.allocate(x.shape);
    const scaleGradient = runtime.allocate([channels]);
    const offsetGradient = runtime.allocate([channels]);
    const residualGradient = inputs.residual === undefined ? null : runtime.allocate(x.shape);
    const gradient = runtime.address(residualGradient);
    kernels.gradientSums(
      runtime.address(x),
      runtime.address(inputs.residual),
      runtime.address(dy),
      gradient,
      rows,
      pixels,
      channels,
      mean,
      factor,
      shift,
      Number(relu),
      sums,
      scratch,
    );
    kernels.gradientCoefficients(
      sums,
      variance,
      factor,
      epsilon,
      rows,
      channels,
      runtime.address(scaleGradient),
      runtime.address(offsetGradient),
      slope,
      level,
    );
    if (!batchStatistics) kernels.clear(slope, channels * 8);
    // The residual's gradient is already masked and spread over the pixels: the second pass starts from it.
    const masked = gradient === 0 && relu;
    kernels.gradientInput(
      runtime.address(x),
      gradient || runtime.address(dy),
      runtime.address(dx),
      rows,
      gradient ? 0 : pixels,
      channels,
      mean,
      factor,
      shift,
      Number(masked),
      slope,
      level,
      scratch,
    );
    const gradients = [dx, scaleGradient, offsetGradient];
    return residualGradient === null ? gradients : [...gradients, residualGradient];
  },
};

interface Coefficients {
  readonly factor: Address;
  readonly shift: Address;
  /** Room for the gradient's two coefficients, one behind the other. */
  readonly slope: Address;
  readonly level: Address;
  /** Room for three values a channel. */
  readonly scratch: Address;
}

function coefficients(
  runtime: WasmRuntime,
  variance: TensorInfo | undefined,
  scale: TensorInfo | undefined,
  offset: TensorInfo | undefined,
  epsilon: number,
  channels: number,
): Coefficients {
  const bytes = channels * 4;
  const factor = runtime.workspace.region("coefficients", bytes * 7);
  const shift = factor + bytes;
  runtime.kernels.coefficients(
    runtime.address(variance),
    runtime.address(scale),
    runtime.address(offset),
    epsilon,
    channels,
    factor,
    shift,
  );
  return { factor, shift, slope: shift + bytes, level: shift + 2 * bytes, scratch: shift + 3 * bytes };
}

/** `x` as rows of channels. */
export function matrixOf(x: TensorInfo): { rows: number; channels: number; batch: number } {
  const channels = x.shape[x.shape.length - 1] ?? 0;
  const rows = x.shape.slice(0, -1).reduce((size, length) => size * length, 1);
  return { rows, channels, batch: x.shape[0] ?? 0 };
}
