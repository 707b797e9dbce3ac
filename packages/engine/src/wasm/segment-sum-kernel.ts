import { util } from "@tensorflow/tfjs-core";
import { requiredInput, requireFloat32 } from "./kernel-inputs.js";
import type { WasmKernels } from "./register-kernels.js";

/** The gradient of `tf.gather`, which the wasm backend lacks. Rows with a segment id out of range are left out. */
export const segmentSumKernels: WasmKernels = {
  UnsortedSegmentSum(runtime, inputs, attributes) {
    const x = requiredInput(inputs, "x");
    const segmentIds = requiredInput(inputs, "segmentIds");
    requireFloat32("UnsortedSegmentSum", x);
    const segments = attributes.numSegments as number;
    const count = util.sizeFromShape(segmentIds.shape);
    const rowShape = x.shape.slice(segmentIds.shape.length);
    const rowSize = util.sizeFromShape(rowShape);
    const output = runtime.allocate([segments, ...rowShape]);
    const { backend } = runtime;
    const sums = backend.typedArrayFromHeap(output);
    const rows = backend.typedArrayFromHeap(x);
    const ids = backend.typedArrayFromHeap(segmentIds);
    sums.fill(0);
    for (let row = 0; row < count; row++) {
      const id = ids[row] ?? -1;
      if (id < 0 || id >= segments) continue;
      for (let column = 0; column < rowSize; column++) {
        const target = id * rowSize + column;
        sums[target] = (sums[target] ?? 0) + (rows[row * rowSize + column] ?? 0);
      }
    }
    return output;
  },
};
