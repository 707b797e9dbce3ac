import { batchNorm, chainCost, convolution, torchDefault } from "@blockwise/layers";
import { type HeadV1, InvalidOptionError, type LayerV1 } from "@blockwise/spec";
import { channelsOf } from "./global-pool.js";

/** How a convolution expansion is built. */
export interface ConvolutionExpansionOptions {
  /** Width of the output. @default 2048 */
  readonly dim?: number;
  /** Height and width of the filter: 1 in the paper's best run. @default 1 */
  readonly kernelSize?: 1 | 3;
}

/**
 * Convolution-based expansion (CbE): `mean_hw(relu(batchNorm(conv(x))))`,
 * `[batch, height, width, channels] -> [batch, dim]`. All blocks' heads have the same width, whatever their depth.
 * The convolution has no bias, stride 1, padding `kernelSize / 2` and PyTorch's default initialisation.
 *
 * Parameters are named as in a `Sequential`: `0.weight` (convolution), `1.weight`, `1.bias` (batch norm).
 *
 * @throws InvalidOptionError
 * @see Siddiqui et al., "Blockwise Self-Supervised Learning at Scale", 2024, arXiv 2302.01647 ("CbE");
 * the authors' `model.py`, b3bb944.
 * @example
 * const head = convolutionExpansion({ dim: 256 });
 */
export function convolutionExpansion(options: ConvolutionExpansionOptions = {}): HeadV1 {
  const { dim = 2048, kernelSize = 1 } = options;
  if (!Number.isSafeInteger(dim) || dim < 1) {
    throw new InvalidOptionError({ option: "dim", expected: "a whole number above 0", received: dim });
  }
  if (kernelSize !== 1 && kernelSize !== 3) {
    throw new InvalidOptionError({ option: "kernelSize", expected: "1 or 3", received: kernelSize });
  }
  return {
    specificationVersion: "v1",
    kind: "head",
    id: "convolution-expansion",
    options: { dim, kernelSize },
    doCreate: ({ inputShape }) =>
      expansionLayer(channelsOf("Input of the convolution expansion", inputShape), dim, kernelSize),
  };
}

function expansionLayer(inChannels: number, dim: number, kernelSize: number): LayerV1 {
  const expand = convolution({
    name: "0",
    inChannels,
    outChannels: dim,
    kernelSize,
    stride: 1,
    padding: (kernelSize - 1) / 2,
    initializer: torchDefault(inChannels * kernelSize * kernelSize),
  });
  const norm = batchNorm({ name: "1", channels: dim });
  const cost = chainCost([expand]);
  return {
    parameters: [...expand.parameters, ...norm.parameters],
    buffers: norm.buffers,
    outputShape: (inputShape) => {
      expand.outputShape(inputShape);
      return [dim];
    },
    multiplyAdds: cost.multiplyAdds,
    // The norm is fused with the pooling behind it, so that its map is not kept.
    activationSize: (inputShape) => cost.activationSize(inputShape) + dim,
    apply: (x, context) =>
      norm.apply(expand.apply(x, context), context, { activation: "relu", pool: "globalAverage" }),
  };
}
