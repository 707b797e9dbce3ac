import { type BackboneV1, InvalidOptionError, type LayerV1, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

/** Options of {@link myPlugin}: plain JSON. */
export interface MyPluginOptions {
  /** Channels of every unit, above 0. @default 16 */
  readonly width?: number;
  /** How many units, each of which halves the map. @default 3 */
  readonly depth?: number;
  /** Channels of the images: 1 or 3. @default 3 */
  readonly inputChannels?: 1 | 3;
}

/**
 * TODO: what it is, in one sentence.
 *
 * A chain of units, each `relu(batchNorm(conv3x3(x)))` with a stride of 2. TODO: yours.
 *
 * @throws InvalidOptionError
 * @see TODO: authors, title, year.
 */
export function myPlugin(options: MyPluginOptions = {}): BackboneV1 {
  const { width = 16, depth = 3, inputChannels = 3 } = options;
  for (const [option, received] of Object.entries({ width, depth })) {
    if (!(Number.isInteger(received) && received > 0)) {
      throw new InvalidOptionError({ option, expected: "a whole number above 0", received });
    }
  }
  if (inputChannels !== 1 && inputChannels !== 3) {
    throw new InvalidOptionError({ option: "inputChannels", expected: "1 or 3", received: inputChannels });
  }
  const units = Array.from({ length: depth }, (_, place) => ({
    id: `unit${place + 1}`,
    parameterPrefix: `unit${place + 1}.`,
    layer: convolutionUnit(place === 0 ? inputChannels : width, width),
  }));
  return {
    specificationVersion: "v1",
    kind: "backbone",
    id: "my-plugin",
    options: { width, depth, inputChannels },
    inputChannels,
    units,
    stages: units.map(({ id }) => ({ id, unitCount: 1 })),
  };
}

const [kernelSize, stride, padding, epsilon] = [3, 2, 1, 1e-5];

function convolutionUnit(inChannels: number, outChannels: number): LayerV1 {
  const halved = (size: number): number => Math.floor((size + 2 * padding - kernelSize) / stride) + 1;
  const standardDeviation = Math.sqrt(2 / (kernelSize * kernelSize * outChannels));
  return {
    parameters: [
      {
        name: "conv.weight",
        shape: [kernelSize, kernelSize, inChannels, outChannels],
        layout: "convolution",
        initializer: { kind: "normal", standardDeviation },
      },
      { name: "bn.weight", shape: [outChannels], layout: "plain", initializer: { kind: "ones" } },
      { name: "bn.bias", shape: [outChannels], layout: "plain", initializer: { kind: "zeros" } },
    ],
    buffers: [
      { name: "bn.running_mean", shape: [outChannels], initializer: { kind: "zeros" } },
      { name: "bn.running_var", shape: [outChannels], initializer: { kind: "ones" } },
    ],
    outputShape: (shape) => {
      const [height = 0, width = 0, channels] = shape;
      if (shape.length === 3 && height > 0 && width > 0 && channels === inChannels) {
        return [halved(height), halved(width), outChannels];
      }
      const expected = `[height, width, ${inChannels}]`;
      throw new ShapeMismatchError({ subject: "Input of my-plugin", expected, received: shape });
    },
    apply: (x, { training, operations, parameter, buffer, updateBuffer }) => {
      const filter = parameter("conv.weight") as tf.Tensor4D;
      const map = operations.conv2d(x as tf.Tensor4D, filter, { stride, padding });
      const [scale, offset] = [parameter("bn.weight"), parameter("bn.bias")] as [tf.Tensor1D, tf.Tensor1D];
      const options = { scale, offset, epsilon, activation: "relu" } as const;
      const [runningMean, runningVariance] = [buffer("bn.running_mean"), buffer("bn.running_var")];
      if (!training) {
        const [mean, variance] = [runningMean as tf.Tensor1D, runningVariance as tf.Tensor1D];
        return operations.batchNormEvaluate(map, { ...options, mean, variance });
      }
      const { output, mean, variance } = operations.batchNormTrain(map, options);
      updateBuffer("bn.running_mean", tf.add(tf.mul(runningMean, 0.9), tf.mul(mean, 0.1)));
      updateBuffer("bn.running_var", tf.add(tf.mul(runningVariance, 0.9), tf.mul(variance, 0.1)));
      return output;
    },
  };
}
