import { type InitializerV1, ShapeMismatchError, type WindowOptions } from "@blockwise/spec";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { DescribedLayer } from "./described-layer.js";

/** What a convolution is made from. */
export interface ConvolutionOptions extends WindowOptions {
  /** torchvision's module name; the parameter is `"<name>.weight"`. */
  readonly name: string;
  /** Channels of what it takes. */
  readonly inChannels: number;
  /** Channels of what it makes: one a filter. */
  readonly outChannels: number;
  /** Height and width of the filter. */
  readonly kernelSize: number;
  /** See `kaimingNormalFanOut` and `torchDefault`. */
  readonly initializer: InitializerV1;
}

/**
 * A 2-D convolution without bias, as PyTorch's `Conv2d(bias=False)`:
 * `[batch, height, width, in] -> [batch, outHeight, outWidth, out]` with
 * `outHeight = floor((height + 2 padding - kernelSize) / stride) + 1`.
 */
export function convolution(options: ConvolutionOptions): DescribedLayer {
  const { name, inChannels, outChannels, kernelSize, stride, padding, initializer } = options;
  const weight = `${name}.weight`;
  const outputShape = (inputShape: readonly number[]): readonly number[] => {
    const [height, width, channels] = inputShape;
    if (height === undefined || width === undefined || channels !== inChannels || inputShape.length !== 3) {
      throw new ShapeMismatchError({
        subject: `Input of convolution "${name}"`,
        expected: `[height, width, ${inChannels}]`,
        received: inputShape,
      });
    }
    const shape = [height, width].map((size) => Math.floor((size + 2 * padding - kernelSize) / stride) + 1);
    if (shape.some((size) => size < 1)) {
      throw new ShapeMismatchError({
        subject: `Input of convolution "${name}"`,
        expected: `[height, width, ${inChannels}] with at least ${kernelSize - 2 * padding} pixels a side`,
        received: inputShape,
        hint: "Use larger images, fewer stages, or a stem that keeps the resolution.",
      });
    }
    return [...shape, outChannels];
  };
  return {
    parameters: [
      {
        name: weight,
        shape: [kernelSize, kernelSize, inChannels, outChannels],
        layout: "convolution",
        initializer,
      },
    ],
    buffers: [],
    outputShape,
    multiplyAdds: (inputShape) => sizeOf(outputShape(inputShape)) * kernelSize ** 2 * inChannels,
    activationSize: (inputShape) => sizeOf(outputShape(inputShape)),
    describe: (input) => ({ operation: "convolution", input, weight, kernelSize, stride, padding }),
    apply: (x, context) =>
      context.operations.conv2d(x as Tensor4D, context.parameter(weight) as Tensor4D, { stride, padding }),
  };
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
