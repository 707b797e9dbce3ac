import { batchNorm, chainCost, convolution, kaimingNormalFanOut } from "@blockwise/layers";
import { type LayerV1, ShapeMismatchError } from "@blockwise/spec";
import type { Tensor4D } from "@tensorflow/tfjs-core";

const maxPool = { size: 2, stride: 2, padding: 0 } as const;

/**
 * A 3x3 convolution, batch norm, ReLU, and the stage's pooling behind its last one:
 * `[batch, height, width, in] -> [batch, height, width, out]`, or half of height and width, rounded down.
 */
export function convolutionUnit(options: {
  /** The convolution's place among torchvision's modules; the norm has the next one. */
  readonly module: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly pools: boolean;
}): LayerV1 {
  const { module, inChannels, outChannels, pools } = options;
  const map = convolution({
    name: `${module}`,
    inChannels,
    outChannels,
    kernelSize: 3,
    stride: 1,
    padding: 1,
    initializer: kaimingNormalFanOut(outChannels, 3),
  });
  const norm = batchNorm({ name: `${module + 1}`, channels: outChannels });
  const cost = chainCost([map, norm]);
  const outputShape = (inputShape: readonly number[]): readonly number[] => {
    const shape = map.outputShape(inputShape);
    return pools ? pooled(shape) : shape;
  };
  return {
    parameters: [...map.parameters, ...norm.parameters],
    buffers: norm.buffers,
    outputShape,
    multiplyAdds: cost.multiplyAdds,
    activationSize: (inputShape) =>
      cost.activationSize(inputShape) +
      (pools ? outputShape(inputShape).reduce((product, size) => product * size, 1) : 0),
    describe: (input) => {
      const activated = norm.describe(map.describe(input), { activation: "relu" });
      return pools ? { operation: "max-pool", input: activated, ...maxPool } : activated;
    },
    apply: (x, context) => {
      const activated = norm.apply(map.apply(x, context), context, { activation: "relu" });
      return pools ? context.operations.maxPool(activated as Tensor4D, maxPool) : activated;
    },
  };
}

function pooled([height = 0, width = 0, channels = 0]: readonly number[]): readonly number[] {
  if (height >= maxPool.size && width >= maxPool.size) {
    return [Math.floor(height / maxPool.stride), Math.floor(width / maxPool.stride), channels];
  }
  throw new ShapeMismatchError({
    subject: "Input of a VGG's pooling",
    expected: `[2 or more, 2 or more, ${channels}]`,
    received: [height, width, channels],
    hint: "Use larger images, or fewer stages.",
  });
}
