import { type EngineV1, type OperationsV1, specificationVersion } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { activateBackend } from "../activate-backend.js";
import { expandAndPoolOperations } from "../expansion/expand-and-pool.js";
import { asMatrix } from "../expansion/expansion-backend.js";
import { withWholeMaps } from "../expansion/whole-maps.js";
import { type NativeEngineName, nativeBackend } from "../optional/native-tensorflow.js";
import { fixedBatchNorm, tensorFlowBatchNorm } from "./batch-norm.js";
import { registerTensorFlowKernels } from "./batch-norm-kernels.js";
import { tensorFlowWindows } from "./convolution.js";

const tensorFlowOperations: OperationsV1 = withWholeMaps({
  ...tensorFlowWindows,
  ...tensorFlowBatchNorm,
  ...expandAndPoolOperations({
    batchNorm: fixedBatchNorm,
    crossProduct: (x, y) => tf.tidy(() => tf.matMul(asMatrix(x), asMatrix(y), true)),
  }),
});

/** The engine on TensorFlow's C library, whose package is loaded. */
export async function createTensorFlowEngine(name: NativeEngineName, description: string): Promise<EngineV1> {
  await activateBackend(nativeBackend);
  registerTensorFlowKernels();
  return {
    specificationVersion,
    kind: "engine",
    id: name,
    options: { name },
    description,
    operations: tensorFlowOperations,
    memory() {
      const { numTensors, numBytes } = tf.memory();
      return { tensors: numTensors, tensorBytes: numBytes, heapBytes: null, budgetBytes: null };
    },
  };
}
