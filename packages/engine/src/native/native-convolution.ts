import type { NativeLibrary } from "@blockwise/engine-native";
import type { ConvolutionGeometry } from "../wasm/convolution.js";
import { convolutionKernelsOf } from "../wasm/convolution-kernels.js";
import type { WasmKernels } from "../wasm/register-kernels.js";

/** Convolution and its gradients. */
export function nativeConvolution(library: NativeLibrary): WasmKernels {
  return convolutionKernelsOf({
    convolve(runtime, x, filter, geometry) {
      const y = runtime.allocate(geometry.outShape);
      const { memory, address } = runtime;
      library.convolve(memory.buffer, address(x), address(filter), address(y), ...sizesOf(geometry));
      return y;
    },
    inputGradient(runtime, dy, filter, geometry) {
      const dx = runtime.allocate(geometry.inShape);
      const { memory, address } = runtime;
      library.convolveInputGradient(
        memory.buffer,
        address(dy),
        address(filter),
        address(dx),
        ...sizesOf(geometry),
      );
      return dx;
    },
    filterGradient(runtime, x, dy, geometry) {
      const { filterHeight, filterWidth, inChannels, outChannels } = geometry;
      const gradient = runtime.allocate([filterHeight, filterWidth, inChannels, outChannels]);
      const { memory, address } = runtime;
      library.convolveFilterGradient(
        memory.buffer,
        address(x),
        address(dy),
        address(gradient),
        ...sizesOf(geometry),
      );
      return gradient;
    },
  });
}

function sizesOf(
  geometry: ConvolutionGeometry,
): Parameters<NativeLibrary["convolve"]> extends [ArrayBuffer, number, number, number, ...infer Sizes]
  ? Sizes
  : never {
  return [
    geometry.batchSize,
    geometry.inHeight,
    geometry.inWidth,
    geometry.inChannels,
    geometry.outHeight,
    geometry.outWidth,
    geometry.outChannels,
    geometry.filterHeight,
    geometry.filterWidth,
    geometry.strideHeight,
    geometry.strideWidth,
    geometry.dilationHeight,
    geometry.dilationWidth,
    geometry.padInfo.top,
    geometry.padInfo.left,
  ];
}
