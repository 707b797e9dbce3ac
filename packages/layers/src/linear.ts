import { ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { DescribedLayer } from "./described-layer.js";
import { torchDefault } from "./initializers.js";

/** What a linear layer is made from. */
export interface LinearOptions {
  /** torchvision's module name; the parameter is `"<name>.weight"`. */
  readonly name: string;
  /** Width of what it takes, `[batch, inputDim]`. */
  readonly inputDim: number;
  /** Width of what it makes, `[batch, outputDim]`. */
  readonly outputDim: number;
}

/** A linear map without bias, as PyTorch's `Linear(bias=False)`: `[batch, in] -> [batch, out]`. */
export function linear(options: LinearOptions): DescribedLayer {
  const { name, inputDim, outputDim } = options;
  const weight = `${name}.weight`;
  return {
    parameters: [
      { name: weight, shape: [inputDim, outputDim], layout: "linear", initializer: torchDefault(inputDim) },
    ],
    buffers: [],
    outputShape: (inputShape) => {
      if (inputShape.length !== 1 || inputShape[0] !== inputDim) {
        throw new ShapeMismatchError({
          subject: `Input of linear layer "${name}"`,
          expected: `[${inputDim}]`,
          received: inputShape,
        });
      }
      return [outputDim];
    },
    multiplyAdds: () => inputDim * outputDim,
    activationSize: () => outputDim,
    describe: (input) => ({ operation: "linear", input, weight }),
    apply: (x, context) => tf.matMul(x as tf.Tensor2D, context.parameter(weight) as tf.Tensor2D),
  };
}
