import type { backend_util, TensorInfo } from "@tensorflow/tfjs-core";
import { correlate } from "./correlate.js";
import type { WasmRuntime } from "./runtime.js";
import { suitsWinograd, winograd } from "./winograd.js";

/** Geometry of a convolution, as TensorFlow.js computes it. */
export type ConvolutionGeometry = backend_util.Conv2DInfo;

/** `x [batch, height, width, in]` correlated with `filter [height, width, in, out]`. */
export function convolve(
  runtime: WasmRuntime,
  x: TensorInfo,
  filter: TensorInfo,
  geometry: ConvolutionGeometry,
): TensorInfo {
  const { inChannels, outChannels, outHeight, outWidth, filterHeight, filterWidth, padInfo } = geometry;
  const output = runtime.allocate(geometry.outShape);
  if (geometry.batchSize * outHeight * outWidth * outChannels === 0) return output;
  if (suitsWinograd(geometry, outHeight, outWidth)) {
    winograd(runtime, {
      source: runtime.address(x),
      batch: geometry.batchSize,
      height: geometry.inHeight,
      width: geometry.inWidth,
      channels: inChannels,
      top: padInfo.top,
      left: padInfo.left,
      packTap(row, column, target) {
        const tap = runtime.address(filter) + (row * 3 + column) * inChannels * outChannels * 4;
        runtime.kernels.packPanels(tap, outChannels * 4, 4, inChannels, outChannels, target, inChannels * 32);
      },
      output: runtime.address(output),
      outputHeight: outHeight,
      outputWidth: outWidth,
      outputChannels: outChannels,
    });
    return output;
  }
  const depth = filterHeight * filterWidth * inChannels;
  const panels = runtime.workspace.region("panels", Math.ceil(outChannels / 8) * depth * 32);
  runtime.kernels.packPanels(
    runtime.address(filter),
    outChannels * 4,
    4,
    depth,
    outChannels,
    panels,
    depth * 32,
  );
  correlate(runtime, {
    source: {
      address: runtime.address(x),
      batch: geometry.batchSize,
      height: geometry.inHeight,
      width: geometry.inWidth,
      channels: inChannels,
      top: padInfo.top,
      left: padInfo.left,
    },
    stride: [geometry.strideHeight, geometry.strideWidth],
    dilation: [geometry.dilationHeight, geometry.dilationWidth],
    phases: [
      {
        rows: outHeight,
        columns: outWidth,
        rowStart: 0,
        columnStart: 0,
        taps: [filterHeight, filterWidth],
        panels,
        outputStart: 0,
      },
    ],
    output: runtime.address(output),
    outputChannels: outChannels,
    outputStrides: [outHeight * outWidth * outChannels * 4, outWidth * outChannels * 4, outChannels * 4],
  });
  return output;
}
