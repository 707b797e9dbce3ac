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

/** Pixels whose bits are in one word, and what outputs are filled up to a multiple of, as the library has it. */
const [wordPixels, wordOutputs] = [32, 16];

/** Expansions that never write their map to memory. */
export function nativeExpansion(library: NativeLibrary): WasmKernels {
  return {
    /** `x, filter` -> mean, biased variance; for the gradient, x's mean in two parts and its covariance with the map. */
    [statisticsKernel](runtime, inputs) {
      const { sizes, inputs: channels, out } = sizesOf(inputs, statisticsKernel);
      const results = [[out], [out], [2, channels], [channels, out]].map((shape) => runtime.allocate(shape));
      const { memory, address } = runtime;
      const [mean, variance, centre, covariance] = results.map(address) as [number, number, number, number];
      library.expansionStatistics(
        memory.buffer,
        address(inputs.x),
        address(inputs.filter),
        ...sizes,
        mean,
        variance,
        centre,
        covariance,
      );
      return results;
    },

    /** `x, filter, mean, variance [, centre] [, scale, offset]` -> output, and what the gradient needs of each image. */
    [poolKernel](runtime, inputs, { epsilon }) {
      const { batch, pixels, out } = sizesOf(inputs, poolKernel);
      const words = [batch, Math.ceil(pixels / wordPixels), Math.ceil(out / wordOutputs) * wordOutputs];
      const results = [
        ...[0, 1, 2].map(() => runtime.allocate([batch, out])),
        runtime.allocate(words, "int32"),
      ];
      const { memory, address } = runtime;
      const [output, masked, counts, passing] = results.map(address) as [number, number, number, number];
      library.expansionPool(
        memory.buffer,
        ...expansionArguments(runtime, inputs, poolKernel, epsilon as number),
        address(inputs.centre),
        output,
        masked,
        counts,
        passing,
      );
      return results;
    },

    /**
     * `x, filter, mean, variance, masked, counts, passing, dy [, centre, covariance] [, scale, offset]` -> gradients of x, filter,
     * scale and offset; without `centre` and `covariance`, mean and variance pass none on to x.
     */
    [gradientKernel](runtime, inputs, { epsilon }) {
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
        address(requiredInput(inputs, "passing")),
        address(inputs.centre),
        address(inputs.covariance),
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
): {
  readonly sizes: Sizes;
  readonly batch: number;
  readonly pixels: number;
  readonly inputs: number;
  readonly out: number;
} {
  const x = requiredInput(inputs, "x");
  const filter = requiredInput(inputs, "filter");
  requireFloat32(kernel, x, filter);
  const [batch = 0, height = 0, width = 0, channels = 0] = x.shape;
  const out = filter.shape[3] ?? 0;
  const pixels = height * width;
  return { sizes: [batch, pixels, channels, out], batch, pixels, inputs: channels, out };
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

/** An image's tables of sums, which its gradients are chosen from, pay from here on. */
const fewestPixels = 8;

/**
 * Whether an expansion is computed without its map. A map no larger than its input is not worth it. Multiplying once more pays where
 * a pixel's products take less time than writing and reading its outputs, which is up to some hundred inputs, and where the
 * map may not be held.
 */
function isFused(x: tf.Tensor4D, filter: tf.Tensor4D, chunkBytes: number): boolean {
  const [, , inputs, outputs] = filter.shape;
  if (inputs === 0 || x.size === 0 || outputs < inputs || x.shape[1] * x.shape[2] < fewestPixels)
    return false;
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
    const [mean, variance, centre, covariance] = run(statisticsKernel, { x, filter }, {}) as [
      tf.Tensor1D,
      tf.Tensor1D,
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    const output = differentiate(x, filter, options, { mean, variance, centre, covariance });
    tf.dispose([centre, covariance]);
    return { output, mean, variance };
  },
  expandAndPoolEvaluate(x, filter, options) {
    const { mean, variance } = options;
    checkExpansion(x, filter, options, [mean, variance]);
    if (!isFused(x, filter, options.chunkBytes)) {
      return wasmOperations.expandAndPoolEvaluate(x, filter, options);
    }
    return differentiate(x, filter, options, { mean, variance });
  },
};

/** @param statistics The map's; with those of the input, mean and variance pass gradient on to it. */
function differentiate(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  { scale, offset, epsilon }: ExpandAndPoolTrainOptions,
  statistics: { readonly [name in "mean" | "variance"]: tf.Tensor1D } & tf.NamedTensorMap,
): tf.Tensor2D {
  const affine = { ...(scale !== null && { scale }), ...(offset !== null && { offset }) };
  const [output, masked, counts, passing] = run(
    poolKernel,
    { x, filter, ...statistics, ...affine },
    { epsilon },
  ) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor3D];
  const inputs = { x, filter, ...affine };
  const kept = { ...statistics, masked, counts, passing };
  const names = [...Object.keys(inputs), ...Object.keys(kept)];
  const operation = tf.customGrad((...parameters) => {
    const save = parameters.pop() as tf.GradSaveFunc;
    save([...(parameters as tf.Tensor[]), ...Object.values(kept)]);
    return {
      // Computed before, with what is kept for the gradient: an operation may save its inputs and outputs only.
      value: tf.clone(output),
      gradFunc: (dy: tf.Tensor2D, saved: tf.Tensor[]) => {
        const tensors = Object.fromEntries(names.map((name, index) => [name, saved[index] as tf.Tensor]));
        const [dx, dfilter, dscale, doffset] = run(gradientKernel, { ...tensors, dy }, { epsilon }) as [
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
        ];
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
  const pooled = operation(...Object.values(inputs)) as tf.Tensor2D;
  tf.dispose([output, masked, counts, passing]);
  return pooled;
}

function run(kernel: string, inputs: tf.NamedTensorMap, attributes: tf.NamedAttrMap): tf.Tensor[] {
  return tf.engine().runKernel(kernel, inputs, attributes) as unknown as tf.Tensor[];
}
