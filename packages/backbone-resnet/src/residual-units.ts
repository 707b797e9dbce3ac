import {
  type BatchNormLayer,
  batchNorm,
  chainCost,
  convolution,
  type DescribedLayer,
  kaimingNormalFanOut,
} from "@blockwise/layers";
import type { LayerV1 } from "@blockwise/spec";

/** What a residual unit is made from. */
export interface ResidualUnitOptions {
  readonly inChannels: number;
  /** Channels inside the unit; a bottleneck puts out four times as many. */
  readonly width: number;
  readonly stride: number;
  /** Start the last norm's gain at zero, so that the unit starts as the identity. */
  readonly zeroInitResidual: boolean;
}

/** How many times wider than its inside a unit's output is. */
export const expansion = { basic: 1, bottleneck: 4 } as const;

interface NormedConvolution {
  readonly map: DescribedLayer;
  readonly norm: BatchNormLayer;
}

function normedConvolution(
  names: { readonly map: string; readonly norm: string },
  shape: { readonly from: number; readonly to: number; readonly kernelSize: number; readonly stride: number },
  zeroInit = false,
): NormedConvolution {
  const { from, to, kernelSize, stride } = shape;
  return {
    map: convolution({
      name: names.map,
      inChannels: from,
      outChannels: to,
      kernelSize,
      stride,
      padding: (kernelSize - 1) / 2,
      initializer: kaimingNormalFanOut(to, kernelSize),
    }),
    norm: batchNorm({ name: names.norm, channels: to, zeroInit }),
  };
}

/**
 * Two 3x3 convolutions beside a shortcut: `relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x))`; the first one strides.
 *
 * @see He et al., 2015, arXiv 1512.03385, figure 5 left; torchvision's `BasicBlock`.
 */
export function basicUnit(options: ResidualUnitOptions): LayerV1 {
  const { inChannels, width, stride, zeroInitResidual } = options;
  const main = [
    normedConvolution({ map: "conv1", norm: "bn1" }, { from: inChannels, to: width, kernelSize: 3, stride }),
    normedConvolution(
      { map: "conv2", norm: "bn2" },
      { from: width, to: width, kernelSize: 3, stride: 1 },
      zeroInitResidual,
    ),
  ];
  return residualUnit(main, options, width);
}

/**
 * A 1x1, a 3x3 and a 1x1 convolution beside a shortcut, four times as wide at the end; the 3x3 one strides, as in
 * torchvision (the paper's own table strides the first; torchvision's variant is known as ResNet v1.5).
 *
 * @see He et al., 2015, arXiv 1512.03385, figure 5 right; torchvision's `Bottleneck`.
 */
export function bottleneckUnit(options: ResidualUnitOptions): LayerV1 {
  const { inChannels, width, stride, zeroInitResidual } = options;
  const outChannels = width * expansion.bottleneck;
  const main = [
    normedConvolution(
      { map: "conv1", norm: "bn1" },
      { from: inChannels, to: width, kernelSize: 1, stride: 1 },
    ),
    normedConvolution({ map: "conv2", norm: "bn2" }, { from: width, to: width, kernelSize: 3, stride }),
    normedConvolution(
      { map: "conv3", norm: "bn3" },
      { from: width, to: outChannels, kernelSize: 1, stride: 1 },
      zeroInitResidual,
    ),
  ];
  return residualUnit(main, options, outChannels);
}

function residualUnit(
  main: readonly NormedConvolution[],
  { inChannels, stride }: ResidualUnitOptions,
  outChannels: number,
): LayerV1 {
  // The shortcut is a 1x1 convolution where the shape changes, and the input itself elsewhere.
  const shortcut =
    stride === 1 && inChannels === outChannels
      ? null
      : normedConvolution(
          { map: "downsample.0", norm: "downsample.1" },
          { from: inChannels, to: outChannels, kernelSize: 1, stride },
        );
  const parts = shortcut === null ? main : [...main, shortcut];
  const branches = [main, shortcut === null ? [] : [shortcut]].map((branch) =>
    chainCost(branch.flatMap(({ map, norm }) => [map, norm])),
  );
  return {
    parameters: parts.flatMap(({ map, norm }) => [...map.parameters, ...norm.parameters]),
    buffers: parts.flatMap(({ norm }) => norm.buffers),
    outputShape: (inputShape) => main.reduce((shape, { map }) => map.outputShape(shape), inputShape),
    multiplyAdds: (inputShape) =>
      branches.reduce((sum, { multiplyAdds }) => sum + multiplyAdds(inputShape), 0),
    activationSize: (inputShape) =>
      branches.reduce((sum, { activationSize }) => sum + activationSize(inputShape), 0),
    describe: (input) => {
      const residual = shortcut === null ? input : shortcut.norm.describe(shortcut.map.describe(input));
      return main.reduce((value, { map, norm }, index) => {
        const epilogue = index === main.length - 1 ? { residual } : {};
        return norm.describe(map.describe(value), { ...epilogue, activation: "relu" });
      }, input);
    },
    apply: (x, context) => {
      const residual = shortcut === null ? x : shortcut.norm.apply(shortcut.map.apply(x, context), context);
      return main.reduce((value, { map, norm }, index) => {
        const last = index === main.length - 1;
        const epilogue = last ? { residual, activation: "relu" as const } : { activation: "relu" as const };
        return norm.apply(map.apply(value, context), context, epilogue);
      }, x);
    },
  };
}
