import * as tf from "@tensorflow/tfjs-core";
import { requiredInput } from "./kernel-inputs.js";
import type { Address } from "./kernel-module.js";
import type { WasmKernels } from "./register-kernels.js";
import type { WasmRuntime } from "./runtime.js";
import { stockKernel } from "./stock-kernels.js";

/**
 * Sum and mean over any axes, added up in float64. The stock kernels add in one float32: a million ones and 1e8 give
 * 1e8, and the mean of a million numbers is right to four digits.
 */
export const sumKernels: WasmKernels = {
  Sum: (runtime, inputs, attributes) => reduce(runtime, "Sum", inputs, attributes),
  Mean: (runtime, inputs, attributes) => reduce(runtime, "Mean", inputs, attributes),
};

function reduce(
  runtime: WasmRuntime,
  kernel: "Sum" | "Mean",
  inputs: tf.NamedTensorInfoMap,
  attributes: tf.NamedAttrMap,
): tf.TensorInfo | tf.TensorInfo[] {
  const x = requiredInput(inputs, "x");
  if (x.dtype !== "float32") {
    return stockKernel(kernel)({ inputs, attrs: attributes, backend: runtime.backend });
  }
  const axes = new Set(tf.util.parseAxisParam(attributes.axis as number | number[], x.shape));
  const lengths = alternatingLengths(x.shape, axes);
  const output = runtime.allocate(
    attributes.keepDims === true
      ? x.shape.map((length, axis) => (axes.has(axis) ? 1 : length))
      : x.shape.filter((_, axis) => !axes.has(axis)),
  );
  const count = tf.util.sizeFromShape(output.shape);
  const sums = runtime.workspace.region("sums", Math.max(1, count) * 8);
  runtime.kernels.clear(sums, count * 8);
  addSums(runtime, runtime.address(x), lengths, sums);
  const summands = product(lengths.filter((_, index) => index % 2 === 1));
  runtime.kernels.divideSums(sums, count, kernel === "Mean" ? summands : 1, runtime.address(output));
  return output;
}

/** Sizes of neighbouring axes that are kept, summed over, kept and so on, to the last that are kept; 1 for none. */
function alternatingLengths(shape: readonly number[], reduced: ReadonlySet<number>): readonly number[] {
  const lengths = [1];
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const last = lengths.length - 1;
    if (reduced.has(axis) === (last % 2 === 1)) lengths[last] = (lengths[last] ?? 1) * length;
    else lengths.push(length);
  });
  return lengths.length % 2 === 1 ? lengths : [...lengths, 1];
}

/** Adds to float64 sums; three sizes are one kernel call, further ones in front are gone through here. */
function addSums(runtime: WasmRuntime, source: Address, lengths: readonly number[], sums: Address): void {
  const [outer = 1, reduced = 1, ...rest] = lengths;
  if (rest.length === 0) {
    runtime.kernels.addSums(source, 1, 1, outer, sums);
    return;
  }
  if (rest.length === 1) {
    runtime.kernels.addSums(source, outer, reduced, rest[0] ?? 1, sums);
    return;
  }
  const size = product(rest);
  const kept = product(rest.filter((_, index) => index % 2 === 0));
  for (let index = 0; index < outer * reduced; index++) {
    addSums(runtime, source + index * size * 4, rest, sums + Math.floor(index / reduced) * kept * 8);
  }
}

function product(lengths: readonly number[]): number {
  return lengths.reduce((size, length) => size * length, 1);
}
