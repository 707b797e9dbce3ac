import type { NamedAttrMap, TensorInfo } from "@tensorflow/tfjs-core";
import { requiredInput, requireFloat32 } from "./kernel-inputs.js";
import type { WasmKernels } from "./register-kernels.js";
import type { WasmRuntime } from "./runtime.js";

/** Name of our forward kernel. */
export const maxPoolKernel = "BlockwiseMaxPool";
/** Name of our gradient kernel. */
export const maxPoolGradientKernel = "BlockwiseMaxPoolGradient";

/** Attributes of both kernels; inputs are `x` and, for the gradient, `y` and `dy`. */
export interface MaxPoolAttributes {
  readonly size: number;
  readonly stride: number;
  readonly padding: number;
}

/** Max-pooling with PyTorch's padding. */
export const maxPoolKernels: WasmKernels = {
  [maxPoolKernel](runtime, inputs, attributes) {
    const x = requiredInput(inputs, "x");
    requireFloat32(maxPoolKernel, x);
    const window = windowOf(x, attributes);
    const y = runtime.allocate([window[0], window[7], window[8], window[3]]);
    runtime.kernels.maxPool(runtime.address(x), runtime.address(y), ...window);
    return y;
  },
  [maxPoolGradientKernel](runtime, inputs, attributes) {
    const x = requiredInput(inputs, "x");
    const y = requiredInput(inputs, "y");
    const dy = requiredInput(inputs, "dy");
    requireFloat32(maxPoolGradientKernel, x, y, dy);
    const dx = zeros(runtime, x.shape);
    const addresses = [x, y, dy, dx].map((tensor) => runtime.address(tensor)) as [
      number,
      number,
      number,
      number,
    ];
    runtime.kernels.maxPoolGradient(...addresses, ...windowOf(x, attributes));
    return dx;
  },
};

/** Sizes of a window, in the kernels' order. */
export type Window = [
  images: number,
  height: number,
  width: number,
  channels: number,
  size: number,
  stride: number,
  padding: number,
  outputHeight: number,
  outputWidth: number,
];

/** The window of a max-pool of x. */
export function windowOf(x: TensorInfo, attributes: NamedAttrMap): Window {
  const { size, stride, padding } = attributes as unknown as MaxPoolAttributes;
  const [images = 0, height = 0, width = 0, channels = 0] = x.shape;
  const outputs = (length: number): number => Math.floor((length + 2 * padding - size) / stride) + 1;
  return [images, height, width, channels, size, stride, padding, outputs(height), outputs(width)];
}

function zeros(runtime: WasmRuntime, shape: readonly number[]): TensorInfo {
  const tensor = runtime.allocate(shape);
  runtime.kernels.clear(
    runtime.address(tensor),
    shape.reduce((size, length) => size * length, 4),
  );
  return tensor;
}
