import * as tf from "@tensorflow/tfjs-core";
import { applyBiasAndActivation } from "./bias-and-activation.js";
import { type ConvolutionGeometry, convolve } from "./convolution.js";
import { convolutionFilterGradient } from "./filter-gradient.js";
import { convolutionInputGradient } from "./input-gradient.js";
import { requiredInput, requireFloat32 } from "./kernel-inputs.js";
import type { WasmKernels } from "./register-kernels.js";

/** Convolution, its two gradients, and the fused form that stock TensorFlow.js code uses in inference. */
export const convolutionKernels: WasmKernels = convolutionKernelsOf({
  convolve,
  inputGradient: convolutionInputGradient,
  filterGradient: convolutionFilterGradient,
});

/** How an engine computes convolutions. Outputs are the caller's. */
export interface ConvolutionImplementation {
  /** x and filter to y. */
  readonly convolve: typeof convolve;
  /** dy and filter to dx. */
  readonly inputGradient: typeof convolutionInputGradient;
  /** x and dy to the filter's gradient. */
  readonly filterGradient: typeof convolutionFilterGradient;
}

/** The kernels from an implementation. */
export function convolutionKernelsOf(implementation: ConvolutionImplementation): WasmKernels {
  return {
    Conv2D(runtime, inputs, attributes) {
      const x = requiredInput(inputs, "x");
      const filter = requiredInput(inputs, "filter");
      requireFloat32("Conv2D", x, filter);
      return implementation.convolve(runtime, x, filter, geometryOf(x.shape, filter.shape, attributes));
    },
    Conv2DBackpropInput(runtime, inputs, attributes) {
      const dy = requiredInput(inputs, "dy");
      const filter = requiredInput(inputs, "filter");
      requireFloat32("Conv2DBackpropInput", dy, filter);
      const inputShape = attributes.inputShape as number[];
      return implementation.inputGradient(
        runtime,
        dy,
        filter,
        geometryOf(inputShape, filter.shape, attributes),
      );
    },
    Conv2DBackpropFilter(runtime, inputs, attributes) {
      const x = requiredInput(inputs, "x");
      const dy = requiredInput(inputs, "dy");
      requireFloat32("Conv2DBackpropFilter", x, dy);
      const filterShape = attributes.filterShape as number[];
      return implementation.filterGradient(runtime, x, dy, geometryOf(x.shape, filterShape, attributes));
    },
    FusedConv2D(runtime, inputs, attributes) {
      const x = requiredInput(inputs, "x");
      const filter = requiredInput(inputs, "filter");
      requireFloat32("FusedConv2D", x, filter);
      const product = implementation.convolve(
        runtime,
        x,
        filter,
        geometryOf(x.shape, filter.shape, attributes),
      );
      return applyBiasAndActivation(product, inputs, attributes);
    },
  };
}

function geometryOf(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attributes: tf.NamedAttrMap,
): ConvolutionGeometry {
  const { strides, dilations, pad, dataFormat, dimRoundingMode } = attributes as unknown as tf.Conv2DAttrs;
  if (dataFormat !== undefined && dataFormat !== "NHWC") {
    throw new Error(`The wasm engine's convolution takes images as NHWC, but got ${dataFormat}.`);
  }
  return tf.backend_util.computeConv2DInfo(
    inputShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    strides,
    dilations ?? 1,
    pad as "same" | "valid" | number | tf.backend_util.ExplicitPadding,
    dimRoundingMode,
    false,
    "channelsLast",
  );
}
