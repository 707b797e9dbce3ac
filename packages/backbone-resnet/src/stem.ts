import { batchNorm, chainCost, convolution, kaimingNormalFanOut } from "@blockwise/layers";
import { type LayerV1, ShapeMismatchError } from "@blockwise/spec";
import type { Tensor4D } from "@tensorflow/tfjs-core";

/** `imagenet`: 7x7 stride 2, then max-pool 3 stride 2. `cifar`: 3x3 stride 1, no pool, for images of 64 pixels or less. */
export type StemKind = "cifar" | "imagenet";

/** The first convolution, norm and ReLU, and ImageNet's max-pool: `[batch, height, width, in] -> [..., width]`. */
export function stem(options: {
  readonly kind: StemKind;
  readonly inChannels: number;
  readonly width: number;
}): LayerV1 {
  const { kind, inChannels, width } = options;
  const large = kind === "imagenet";
  const kernelSize = large ? 7 : 3;
  const map = convolution({
    name: "conv1",
    inChannels,
    outChannels: width,
    kernelSize,
    stride: large ? 2 : 1,
    padding: (kernelSize - 1) / 2,
    initializer: kaimingNormalFanOut(width, kernelSize),
  });
  const norm = batchNorm({ name: "bn1", channels: width });
  const cost = chainCost([map, norm]);
  const outputShape = (inputShape: readonly number[]): readonly number[] => {
    const [height = 0, mapWidth = 0] = map.outputShape(inputShape);
    return large ? [pooled(height), pooled(mapWidth), width] : [height, mapWidth, width];
  };
  return {
    parameters: [...map.parameters, ...norm.parameters],
    buffers: norm.buffers,
    outputShape,
    multiplyAdds: cost.multiplyAdds,
    activationSize: (inputShape) => {
      const pooledSize = outputShape(inputShape).reduce((product, size) => product * size, 1);
      return cost.activationSize(inputShape) + (large ? pooledSize : 0);
    },
    describe: (input) => {
      const activated = norm.describe(map.describe(input), { activation: "relu" });
      return large ? { operation: "max-pool", input: activated, ...maxPool } : activated;
    },
    apply: (x, context) => {
      if (x.shape.at(-1) !== inChannels) {
        throw new ShapeMismatchError({
          subject: "Input of the stem",
          expected: `[batch, height, width, ${inChannels}]`,
          received: x.shape,
        });
      }
      const activated = norm.apply(map.apply(x, context), context, { activation: "relu" });
      return large ? context.operations.maxPool(activated as Tensor4D, maxPool) : activated;
    },
  };
}

const maxPool = { size: 3, stride: 2, padding: 1 } as const;

function pooled(size: number): number {
  return Math.floor((size + 2 * maxPool.padding - maxPool.size) / maxPool.stride) + 1;
}
