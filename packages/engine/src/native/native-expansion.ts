import type { NativeLibrary } from "@blockwise/engine-native";
import type { ExpandAndPoolTrainOptions, OperationsV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { mapBytes } from "../expansion/whole-maps.js";
import { checkExpansion } from "../operations/check-arguments.js";
import { requiredInput, requireFloat32 } from "../wasm/kernel-inputs.js";
import type { WasmKernels } from "../wasm/register-kernels.js";
import type { WasmRuntime } from "../wasm/runtime.js";
import { wasmOperations } from "../wasm/wasm-operations.js";

const statisticsKernel = "BlockwiseExpansionStatistics";
const poolKernel = "BlockwiseExpansionPool";
const gradientKernel = "BlockwiseExpansionGradient";

/** Expansions that never write their map to memory. */
export function nativeExpansion(library: NativeLibrary): WasmKernels {
  return {
    /** `x, filter` -> mean, biased variance. */
    [statisticsKernel](runtime, inputs) {
      const { sizes, out } = sizesOf(inputs, statisticsKernel);
      const mean = runtime.allocate([out]);
      const variance = runtime.allocate([out]);
      const { memory, address } = runtime;
      library.expansionStatistics(
        memory.buffer,
        address(inputs.x),
        address(inputs.filter),
        ...sizes,
        address(mean),
        address(variance),
      );
      return [mean, variance];
    },

    /** `x, filter, mean, variance [, scale, offset]` -> output, and what the gradient needs of each image. */
    [poolKernel](runtime, inputs, { epsilon }) {
      const { batch, out } = sizesOf(inputs, poolKernel);
      const results = [0, 1, 2].map(() => runtime.allocate([batch, out]));
      const { memory, address } = runtime;
      const [output, masked, counts] = results.map(address) as [number, number, number];
      library.expansionPool(
        memory.buffer,
        ...expansionArguments(runtime, inputs, poolKernel, epsilon as number),
        output,
        masked,
        counts,
      );
      return results;
    },

    /** `x, filter, mean, variance, masked, counts, dy [, scale, offset]` -> gradients of x, filter, scale and offset. */
    [gradientKernel](runtime, inputs, { epsilon, batchStatistics }) {
      const x = requiredInput(inputs, "x");
      const filter = requiredInput(inputs, "filter");
      const { out } = sizesOf(inputs, gradientKernel);
      const results = [x.shape, filter.shape, [out], [out]].map((shape) => runtime.allocate(shape));
      const { memory, address } = runtime;
      const [dx, dfilter, dscale, doffset] = results.map(address) as [number, number, number, number];
      library.expansionGradient(
        memory.buffer,
        ...expansionArguments(runtime, inputs, gradientKernel, epsilon as number),
        address(requiredInput(inputs, "dy")),
        address(requiredInput(inputs, "masked")),
        address(requiredInput(inputs, "counts")),
        Number(batchStatistics),
        dx,
        dfilter,
        dscale,
        doffset,
      );
      return results;
    },
  };
}

type Sizes = readonly [batch: number, pixels: number, inputs: number, outputs: number];

function sizesOf(
  inputs: tf.NamedTensorInfoMap,
  kernel: string,
): { readonly sizes: Sizes; readonly batch: number; readonly out: number } {
  const x = requiredInput(inputs, "x");
  const filter = requiredInput(inputs, "filter");
  requireFloat32(kernel, x, filter);
  const [batch = 0, height = 0, width = 0, channels = 0] = x.shape;
  const out = filter.shape[3] ?? 0;
  return { sizes: [batch, height * width, channels, out], batch, out };
}

function expansionArguments(
  { address }: WasmRuntime,
  inputs: tf.NamedTensorInfoMap,
  kernel: string,
  epsilon: number,
): [x: number, filter: number, ...Sizes, number, number, number, number, number] {
  return [
    address(inputs.x),
    address(inputs.filter),
    ...sizesOf(inputs, kernel).sizes,
    address(requiredInput(inputs, "mean")),
    address(requiredInput(inputs, "variance")),
    address(inputs.scale),
    address(inputs.offset),
    epsilon,
  ];
}

/**
 * Whether an expansion is computed without its map. Multiplying twice more pays where a pixel's products take less time than
 * writing and reading its outputs, which is up to some hundred inputs, and where the map may not be held.
 */
function isFused(x: tf.Tensor4D, filter: tf.Tensor4D, chunkBytes: number): boolean {
  const [, , inputs, outputs] = filter.shape;
  if (inputs === 0 || x.size === 0) return false;
  // Each task has a sum of the filter's gradient of its own.
  return inputs <= 96
    ? inputs * outputs <= 2 ** 17
    : mapBytes(x, filter) > chunkBytes && inputs * outputs <= 2 ** 20;
}

/** The native engine's expansions. */
export const nativeExpansionOperations: Pick<OperationsV1, "expandAndPoolEvaluate" | "expandAndPoolTrain"> = {
  expandAndPoolTrain(x, filter, options) {
    checkExpansion(x, filter, options);
    if (!isFused(x, filter, options.chunkBytes)) return wasmOperations.expandAndPoolTrain(x, filter, options);
    const [mean, variance] = run(statisticsKernel, { x, filter }, {}) as [tf.Tensor1D, tf.Tensor1D];
    return { output: differentiate(x, filter, options, [mean, variance], true), mean, variance };
  },
  expandAndPoolEvaluate(x, filter, options) {
    const { mean, variance } = options;
    checkExpansion(x, filter, options, [mean, variance]);
    if (!isFused(x, filter, options.chunkBytes)) {
      return wasmOperations.expandAndPoolEvaluate(x, filter, options);
    }
    return differentiate(x, filter, options, [mean, variance], false);
  },
};

function differentiate(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  { scale, offset, epsilon }: ExpandAndPoolTrainOptions,
  [mean, variance]: readonly [tf.Tensor1D, tf.Tensor1D],
  batchStatistics: boolean,
): tf.Tensor2D {
  const affine = { ...(scale !== null && { scale }), ...(offset !== null && { offset }) };
  const [output, masked, counts] = run(poolKernel, { x, filter, mean, variance, ...affine }, { epsilon }) as [
    tf.Tensor2D,
    tf.Tensor2D,
    tf.Tensor2D,
  ];
  const names = ["x", "filter", ...Object.keys(affine)];
  const operation = tf.customGrad((...parameters) => {
    const save = parameters.pop() as tf.GradSaveFunc;
    save([...(parameters as tf.Tensor[]), mean, variance, masked, counts]);
    return {
      // Computed before, with what is kept for the gradient: an operation may save its inputs and outputs only.
      value: tf.clone(output),
      gradFunc: (dy: tf.Tensor2D, saved: tf.Tensor[]) => {
        const savedNames = [...names, "mean", "variance", "masked", "counts"];
        const inputs = Object.fromEntries(savedNames.map((name, index) => [name, saved[index] as tf.Tensor]));
        const [dx, dfilter, dscale, doffset] = run(
          gradientKernel,
          { ...inputs, dy },
          { epsilon, batchStatistics },
        ) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const gradients = [dx, dfilter];
        for (const [tensor, gradient] of [
          [scale, dscale],
          [offset, doffset],
        ] as const) {
          if (tensor === null) gradient.dispose();
          else gradients.push(gradient);
        }
        return gradients;
      },
    };
  });
  const pooled = operation(x, filter, ...Object.values(affine)) as tf.Tensor2D;
  tf.dispose([output, masked, counts]);
  return pooled;
}

function run(kernel: string, inputs: tf.NamedTensorMap, attributes: tf.NamedAttrMap): tf.Tensor[] {
  return tf.engine().runKernel(kernel, inputs, attributes) as unknown as tf.Tensor[];
}
