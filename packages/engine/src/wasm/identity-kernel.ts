import { requiredInput } from "./kernel-inputs.js";
import type { WasmKernels } from "./register-kernels.js";

/**
 * A clone that shares its values, which never change. The stock kernel copies them, and TensorFlow.js clones every
 * tensor that it keeps for a gradient.
 */
export const identityKernels: WasmKernels = {
  Identity({ backend }, inputs) {
    const { dataId, shape, dtype } = requiredInput(inputs, "x");
    backend.incRef(dataId);
    return { dataId, shape: [...shape], dtype };
  },
};
