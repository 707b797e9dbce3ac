import type { NativeLibrary } from "@blockwise/engine-native";
import { requiredInput, requireFloat32 } from "../wasm/kernel-inputs.js";
import { maxPoolGradientKernel, maxPoolKernel, windowOf } from "../wasm/max-pool-kernels.js";
import type { WasmKernels } from "../wasm/register-kernels.js";

/** Max-pooling with PyTorch's padding. */
export function nativeMaxPool(library: NativeLibrary): WasmKernels {
  return {
    [maxPoolKernel](runtime, inputs, attributes) {
      const x = requiredInput(inputs, "x");
      requireFloat32(maxPoolKernel, x);
      const window = windowOf(x, attributes);
      const y = runtime.allocate([window[0], window[7], window[8], window[3]]);
      library.maxPool(runtime.memory.buffer, runtime.address(x), runtime.address(y), ...window);
      return y;
    },
    [maxPoolGradientKernel](runtime, inputs, attributes) {
      const x = requiredInput(inputs, "x");
      const y = requiredInput(inputs, "y");
      const dy = requiredInput(inputs, "dy");
      requireFloat32(maxPoolGradientKernel, x, y, dy);
      const dx = runtime.allocate(x.shape);
      const { memory, address } = runtime;
      library.maxPoolGradient(
        memory.buffer,
        address(x),
        address(y),
        address(dy),
        address(dx),
        ...windowOf(x, attributes),
      );
      return dx;
    },
  };
}
