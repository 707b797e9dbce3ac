// Speed of the wasm engine's kernels on one core, best of many runs: `pnpm build && node bench/kernels.mjs [filter]`.
// Times are processor time, so that other programs on the machine disturb less.
// "stock" is TensorFlow.js's own kernel for the same work (XNNPACK, where it has one).

import { getThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { createEngine } from "../dist/relaxed.js";

const names = ["Conv2D", "Conv2DBackpropInput", "BatchMatMul", "Sum", "Mean", "Transpose"];
const stock = Object.fromEntries(names.map((name) => [name, tf.getKernel(name, "wasm")]));
const engine = await createEngine({ name: "wasm" });
const backend = tf.backend();
const filter = process.argv[2] ?? "";
const budgetMs = 400;

/** Best time of many runs in milliseconds; `run` returns tensors or tensor infos to be given back. */
function best(run) {
  let least = Number.POSITIVE_INFINITY;
  const end = performance.now() + budgetMs;
  for (let count = 0; count < 3 || (performance.now() < end && count < 200); count++) {
    const start = process.cpuUsage();
    const result = run();
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) / 1000);
    for (const { dataId } of [result].flat()) backend.disposeData(dataId, true);
  }
  return least;
}

function call(kernel, inputs, attrs) {
  return best(() => kernel.kernelFunc({ inputs, attrs, backend }));
}

const random = (shape) => tf.randomUniform(shape, -1, 1);
const rate = (work, milliseconds) => (milliseconds === null ? "-" : (work / milliseconds / 1e6).toFixed(1));

function table(title, columns, rows) {
  if (rows.length === 0) return;
  console.log(`\n${title}`);
  console.table(rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]]))));
}

// [batch, size, in, out, kernel, stride]: the tiny and width-16 networks, then standard widths.
const convolutions = [
  [128, 32, 3, 16, 3, 1],
  [128, 32, 16, 16, 3, 1],
  [128, 32, 16, 32, 3, 2],
  [128, 16, 32, 32, 3, 1],
  [128, 8, 64, 64, 3, 1],
  [128, 4, 128, 128, 3, 1],
  [128, 32, 16, 32, 1, 2],
  [128, 32, 16, 128, 1, 1],
  [128, 16, 32, 128, 1, 1],
  [64, 32, 64, 64, 3, 1],
  [16, 56, 64, 64, 3, 1],
  [16, 14, 256, 256, 3, 1],
  [32, 7, 512, 512, 3, 1],
  [8, 224, 3, 64, 7, 2],
];

const convolutionRows = [];
for (const [batch, size, inChannels, outChannels, kernel, stride] of convolutions) {
  const name = `${batch}x${size}x${size}x${inChannels} -> ${outChannels}, ${kernel}x${kernel} / ${stride}`;
  if (!`convolution ${name}`.includes(filter)) continue;
  const x = random([batch, size, size, inChannels]);
  const weights = random([kernel, kernel, inChannels, outChannels]);
  const padding = (kernel - 1) / 2;
  const pad = [
    [0, 0],
    [padding, padding],
    [padding, padding],
    [0, 0],
  ];
  const attrs = { strides: stride, pad, dataFormat: "NHWC", dilations: 1 };
  const { outShape } = tf.backend_util.computeConv2DInfo(x.shape, weights.shape, stride, 1, pad);
  const dy = random(outShape);
  const work = 2 * tf.util.sizeFromShape(outShape) * kernel * kernel * inChannels;
  const ours = (kernelName) => tf.getKernel(kernelName, "wasm");
  const gradient = { ...attrs, inputShape: x.shape, filterShape: weights.shape };
  // The stock kernel keeps packed filters by data id, as in inference; training changes the filter at every step.
  const stockForward = best(() => {
    const fresh = backend.makeOutput(weights.shape, "float32");
    const result = stock.Conv2D.kernelFunc({ inputs: { x, filter: fresh }, attrs, backend });
    return [result, fresh];
  });
  convolutionRows.push([
    name,
    rate(work, call(ours("Conv2D"), { x, filter: weights }, attrs)),
    rate(work, call(ours("Conv2DBackpropInput"), { dy, filter: weights }, gradient)),
    rate(work, call(ours("Conv2DBackpropFilter"), { x, dy }, gradient)),
    rate(work, stockForward),
    work > 1e9 ? "-" : rate(work, call(stock.Conv2DBackpropInput, { dy, filter: weights }, gradient)),
  ]);
  tf.dispose([x, weights, dy]);
}

const products = [
  [1024, 1024, 1024, false, false],
  [1024, 1024, 1024, true, false],
  [1024, 1024, 1024, false, true],
  [256, 256, 256, false, false],
  [128, 256, 256, false, false],
  [256, 128, 256, true, false],
  [2048, 128, 2048, true, false],
];
const productRows = [];
for (const [m, k, n, transposeA, transposeB] of products) {
  const name = `${m}x${k}${transposeA ? " (transposed)" : ""} . ${k}x${n}${transposeB ? " (transposed)" : ""}`;
  if (!`product ${name}`.includes(filter)) continue;
  const a = random(transposeA ? [1, k, m] : [1, m, k]);
  const b = random(transposeB ? [1, n, k] : [1, k, n]);
  const attrs = { transposeA, transposeB };
  const work = 2 * m * k * n;
  productRows.push([
    name,
    rate(work, call(tf.getKernel("BatchMatMul", "wasm"), { a, b }, attrs)),
    rate(work, call(stock.BatchMatMul, { a, b }, attrs)),
  ]);
  tf.dispose([a, b]);
}

const normRows = [];
for (const shape of [
  [128, 32, 32, 16],
  [128, 16, 16, 32],
  [128, 8, 8, 64],
  [128, 32, 32, 128],
  [128, 256],
]) {
  const name = shape.join("x");
  if (!`norm ${name}`.includes(filter)) continue;
  const x = random(shape);
  const channels = shape.at(-1);
  const bytes = 4 * x.size;
  const statistics = { mean: random([channels]), variance: tf.ones([channels]) };
  const inputs = { x, ...statistics, scale: random([channels]), offset: random([channels]) };
  const attrs = { epsilon: 1e-5, relu: true, pool: false, batchStatistics: true };
  const kernel = (kernelName) => tf.getKernel(kernelName, "wasm");
  const row = [name, rate(bytes, call(kernel("BlockwiseBatchNormStatistics"), { x }, {}))];
  row.push(rate(2 * bytes, call(kernel("BlockwiseBatchNorm"), inputs, attrs)));
  row.push(rate(5 * bytes, call(kernel("BlockwiseBatchNormGradient"), { ...inputs, dy: x }, attrs)));
  if (shape.length === 4) {
    const pooled = { ...attrs, pool: true };
    const dy = random([shape[0], channels]);
    row.push(rate(bytes, call(kernel("BlockwiseBatchNorm"), inputs, pooled)));
    row.push(rate(3 * bytes, call(kernel("BlockwiseBatchNormGradient"), { ...inputs, dy }, pooled)));
    dy.dispose();
  }
  normRows.push(row);
  tf.dispose([x, statistics, inputs]);
}

console.log(`${engine.description}; XNNPACK on ${getThreadsCount()} thread; Node ${process.version}`);
const forward = "forward";
table(
  "Convolution, GFLOP/s (2 per multiply-add)",
  ["shape", forward, "input gradient", "filter gradient", "stock forward", "stock input gradient"],
  convolutionRows,
);
table("Matrix product, GFLOP/s", ["shape", "ours", "stock"], productRows);
table(
  "Batch norm + ReLU, GB/s (bytes that must be read or written)",
  ["shape", "statistics", forward, "backward", "pooled forward", "pooled backward"],
  normRows,
);
