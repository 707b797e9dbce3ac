/**
 * Loads an engine and holds a convolution and its two gradients against known numbers. It is run in a process of its own by
 * `src/install/check-engine.ts`, with one argument in JSON: the engine's entry, and where TensorFlow.js is.
 *
 * All inputs are small whole numbers, so that the results are exact in any order of summation; the numbers are those of
 * PyTorch (`write_check_golden.py` beside this file).
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import util from "node:util";

const { entry, core, layers, shared } = JSON.parse(process.argv[2]);
const require = createRequire(import.meta.url);

const tf = require(core);
globalThis[Symbol.for(shared)] = { ...tf, ...require(layers), version: { tfjs: tf.version_core } };
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;
require(entry);
await tf.setBackend("tensorflow");

const golden = JSON.parse(readFileSync(new URL("check-golden.json", import.meta.url), "utf8"));
const whole = (shape, modulus, less) =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, index) => ((index * 7) % modulus) - less),
    shape,
  );
const wrong = [];
for (const { name, x, filter, stride, y } of golden) {
  const images = whole(x.shape, 5, 2);
  const weights = whole(filter.shape, 3, 1);
  const convolve = (a, b) => tf.conv2d(a, b, stride, "same");
  const output = convolve(images, weights);
  const [dx, dw] = tf.grads(convolve)([images, weights], whole(y.shape, 4, 1));
  compare(`${name}`, output, y);
  compare(`${name}, gradient of the input`, dx, x);
  compare(`${name}, gradient of the filter`, dw, filter);
}
const { binding } = tf.backend();
const answer = {
  tensorflow: String(binding?.TF_Version ?? "unknown"),
  gpu: Boolean(binding?.isUsingGpuDevice?.()),
  wrong,
};
console.log(JSON.stringify({ blockwiseCheck: answer }));

function compare(name, tensor, { shape, values }) {
  const received = Array.from(tensor.dataSync());
  if (tensor.shape.join() !== shape.join()) {
    wrong.push(`${name} has shape [${tensor.shape}], not [${shape}]`);
    return;
  }
  const at = values.findIndex((value, index) => value !== received[index]);
  if (at >= 0) wrong.push(`${name} has ${received[at]}, not ${values[at]}`);
}
