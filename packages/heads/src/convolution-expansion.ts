import { batchNorm, chainCost, convolution, torchDefault } from "@blockwise/layers";
import { type HeadV1, InvalidOptionError, type LayerV1 } from "@blockwise/spec";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { channelsOf } from "./global-pool.js";

/** How a convolution expansion is built. */
export interface ConvolutionExpansionOptions {
  /** Width of the output. @default 2048 */
  readonly dim?: number;
  /** Height and width of the filter: 1 in the paper's best run. @default 1 */
  readonly kernelSize?: 1 | 3;
  /**
   * The most bytes of the expanded map to hold at a time, for a kernel of 1: a batch whose map of one view is larger is
   * expanded some images at a time, and again for its gradients. `"auto"` holds up to 256 MiB, and cuts a larger map into
   * pieces of 32 MiB. @default "auto"
   */
  readonly chunkBytes?: number | "auto";
}

/** Above this a map is cut. */
const largestMapBytes = 256 * 2 ** 20;
/** Then pieces are this large: calls for smaller ones take longer, and a step holds three of them at most. */
const pieceBytes = 32 * 2 ** 20;

/**
 * Convolution-based expansion (CbE): `mean_hw(relu(batchNorm(conv(x))))`,
 * `[batch, height, width, channels] -> [batch, dim]`. All blocks' heads have the same width, whatever their depth.
 * The convolution has no bias, stride 1, padding `kernelSize / 2` and PyTorch's default initialisation.
 *
 * At the paper's scale the expanded map is the largest tensor of a block by far: 2048 x 56 x 56 in the first one, 26 MB
 * an image. Of a kernel of 1 it need not be held (`chunkBytes`): the result differs by rounding only.
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
  const { dim = 2048, kernelSize = 1, chunkBytes = "auto" } = options;
  if (!Number.isSafeInteger(dim) || dim < 1) {
    throw new InvalidOptionError({ option: "dim", expected: "a whole number above 0", received: dim });
  }
  if (kernelSize !== 1 && kernelSize !== 3) {
    throw new InvalidOptionError({ option: "kernelSize", expected: "1 or 3", received: kernelSize });
  }
  if (chunkBytes !== "auto" && !(Number.isSafeInteger(chunkBytes) && chunkBytes > 0)) {
    throw new InvalidOptionError({
      option: "chunkBytes",
      expected: 'a whole number above 0, or "auto"',
      received: chunkBytes,
    });
  }
  if (chunkBytes !== "auto" && kernelSize !== 1) {
    throw new InvalidOptionError({
      option: "chunkBytes",
      expected: '"auto" with a kernel of 3, whose map is always held as a whole',
      received: chunkBytes,
      hint: "Use a kernel of 1, or a smaller batch.",
    });
  }
  const chunks =
    kernelSize !== 1
      ? { above: Infinity, bytes: Infinity }
      : chunkBytes === "auto"
        ? { above: largestMapBytes, bytes: pieceBytes }
        : { above: chunkBytes, bytes: chunkBytes };
  return {
    specificationVersion: "v1",
    kind: "head",
    id: "convolution-expansion",
    options: { dim, kernelSize, chunkBytes },
    doCreate: ({ inputShape }) =>
      expansionLayer(channelsOf("Input of the convolution expansion", inputShape), dim, kernelSize, chunks),
  };
}

/** How a map is cut. */
interface Chunks {
  /** Where its bytes are more than this, */
  readonly above: number;
  /** into pieces of so many bytes. */
  readonly bytes: number;
}

function expansionLayer(inChannels: number, dim: number, kernelSize: number, chunks: Chunks): LayerV1 {
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
  const isCut = (mapSize: number, batchSize: number): boolean => mapSize * batchSize * 4 > chunks.above;
  return {
    parameters: [...expand.parameters, ...norm.parameters],
    buffers: norm.buffers,
    outputShape: (inputShape) => {
      expand.outputShape(inputShape);
      return [dim];
    },
    multiplyAdds: cost.multiplyAdds,
    activationSize: (inputShape, batchSize = 1) => {
      const mapSize = cost.activationSize(inputShape);
      // Cut, what is kept are the features; else the map, but not what the norm, fused with the pooling behind it,
      // makes of it.
      return isCut(mapSize, batchSize) ? dim : mapSize + dim;
    },
    describe: (input) => ({
      operation: "global-average",
      input: norm.describe(expand.describe(input), { activation: "relu" }),
    }),
    apply: (x, context) => {
      const [batch = 0, ...inputShape] = x.shape;
      if (kernelSize !== 1) {
        return norm.apply(expand.apply(x, context), context, { activation: "relu", pool: "globalAverage" });
      }
      const images = x as Tensor4D;
      const filter = context.parameter("0.weight") as Tensor4D;
      const { expandAndPoolTrain, expandAndPoolEvaluate } = context.operations;
      // Whether a map that may be held is held is for the engine to choose.
      const chunkBytes = isCut(cost.activationSize(inputShape), batch) ? chunks.bytes : Infinity;
      return norm.applyWithin(
        {
          shape: [batch, ...expand.outputShape(inputShape)],
          train: (affine) => expandAndPoolTrain(images, filter, { ...affine, chunkBytes }),
          evaluate: (affine) => expandAndPoolEvaluate(images, filter, { ...affine, chunkBytes }),
        },
        context,
      );
    },
  };
}
