import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from "@tensorflow/tfjs-core";
import { requiredInput, requireFloat32 } from "./kernel-inputs.js";
import type { Address } from "./kernel-module.js";
import type { WasmKernels } from "./register-kernels.js";
import type { WasmRuntime } from "./runtime.js";

/** Names of the kernels. */
export const statisticsKernel = "BlockwiseBatchNormStatistics";
export const normalizeKernel = "BlockwiseBatchNorm";
export const normalizeGradientKernel = "BlockwiseBatchNormGradient";
export const gradientSumsKernel = "BlockwiseBatchNormGradientSums";
export const inputGradientKernel = "BlockwiseBatchNormInputGradient";

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
    const { relu, pool, batchStatistics } = attributes as unknown as NormalizeAttributes;
    const coefficients = coefficientsOf(runtime, inputs, attributes);
    const { slope, level } = coefficients;
    const [scale, offset, residual] = addUp(runtime, inputs, attributes, coefficients);
    if (!batchStatistics) runtime.kernels.clear(slope, 8 * matrixOf(requiredInput(inputs, "x")).channels);
    // The residual's gradient is already masked and spread over the pixels: the second pass starts from it.
    const incoming = residual ?? requiredInput(inputs, "dy");
    const how = { relu: relu && residual === undefined, pool: pool && residual === undefined, slope, level };
    const dx = inputGradient(runtime, inputs, incoming, coefficients, how);
    return residual === undefined ? [dx, scale, offset] : [dx, scale, offset, residual];
  },

  /** The first pass alone: `x, mean, variance, dy [, scale, offset, residual]` -> gradients of scale, offset [, residual]. */
  [gradientSumsKernel](runtime, inputs, attributes) {
    const gradients = addUp(runtime, inputs, attributes, coefficientsOf(runtime, inputs, attributes));
    return gradients.filter((gradient) => gradient !== undefined);
  },

  /**
   * The second pass alone: `x, mean, variance, dy, slope, level [, scale, offset]` -> gradient of x, `g factor + (x - mean) slope + level`,
   * `g` being `dy` where the rectifier let pass.
   */
  [inputGradientKernel](runtime, inputs, attributes) {
    const { relu, pool } = attributes as unknown as NormalizeAttributes;
    const [slope, level] = (["slope", "level"] as const).map((name) =>
      runtime.address(requiredInput(inputs, name)),
    ) as [Address, Address];
    const coefficients = coefficientsOf(runtime, inputs, attributes);
    return inputGradient(runtime, inputs, requiredInput(inputs, "dy"), coefficients, {
      relu,
      pool,
      slope,
      level,
    });
  },
};

/** First pass: gradients of scale, offset and, where there is one, the residual; slope and level of the second one. */
function addUp(
  runtime: WasmRuntime,
  inputs: NamedTensorInfoMap,
  attributes: NamedAttrMap,
  { factor, shift, slope, level, scratch }: Coefficients,
): [scale: TensorInfo, offset: TensorInfo, residual?: TensorInfo] {
  const x = requiredInput(inputs, "x");
  const dy = requiredInput(inputs, "dy");
  requireFloat32(gradientSumsKernel, x, dy);
  const { epsilon, relu, pool } = attributes as unknown as NormalizeAttributes;
  const { rows, channels, batch } = matrixOf(x);
  const sums = runtime.workspace.region("sums", channels * 16);
  const { kernels, address } = runtime;
  const scale = runtime.allocate([channels]);
  const offset = runtime.allocate([channels]);
  const residual = inputs.residual === undefined ? undefined : runtime.allocate(x.shape);
  kernels.gradientSums(
    address(x),
    address(inputs.residual),
    address(dy),
    address(residual),
    rows,
    pool ? rows / batch : 0,
    channels,
    address(requiredInput(inputs, "mean")),
    factor,
    shift,
    Number(relu),
    sums,
    scratch,
  );
  kernels.gradientCoefficients(
    sums,
    address(requiredInput(inputs, "variance")),
    factor,
    epsilon,
    rows,
    channels,
    address(scale),
    address(offset),
    slope,
    level,
  );
  return residual === undefined ? [scale, offset] : [scale, offset, residual];
}

/** Second pass. */
function inputGradient(
  runtime: WasmRuntime,
  inputs: NamedTensorInfoMap,
  dy: TensorInfo,
  { factor, shift, scratch }: Coefficients,
  {
    relu,
    pool,
    slope,
    level,
  }: Pick<NormalizeAttributes, "relu" | "pool"> & { slope: Address; level: Address },
): TensorInfo {
  const x = requiredInput(inputs, "x");
  requireFloat32(inputGradientKernel, x, dy);
  const { rows, channels, batch } = matrixOf(x);
  const dx = runtime.allocate(x.shape);
  runtime.kernels.gradientInput(
    runtime.address(x),
    runtime.address(dy),
    runtime.address(dx),
    rows,
    pool ? rows / batch : 0,
    channels,
    runtime.address(requiredInput(inputs, "mean")),
    factor,
    shift,
    Number(relu),
    slope,
    level,
    scratch,
  );
  return dx;
}

function coefficientsOf(
  runtime: WasmRuntime,
  inputs: NamedTensorInfoMap,
  attributes: NamedAttrMap,
): Coefficients {
  const { epsilon } = attributes as unknown as NormalizeAttributes;
  const { channels } = matrixOf(requiredInput(inputs, "x"));
  return coefficients(runtime, inputs.variance, inputs.scale, inputs.offset, epsilon, channels);
}

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
